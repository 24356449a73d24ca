import { auth } from "../../../auth";

// Coatcheck's own routes: the public keys.
const handle = async (request: Request): Promise<Response> => (await auth()).fetch(request);

export { handle as GET };
