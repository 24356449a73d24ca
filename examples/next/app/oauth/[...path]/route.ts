import { auth } from "../../../auth";

// Coatcheck's own routes: refresh, revocation.
const handle = async (request: Request): Promise<Response> => (await auth()).fetch(request);

export { handle as DELETE, handle as GET, handle as POST };
