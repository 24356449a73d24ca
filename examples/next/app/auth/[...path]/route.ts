import { auth } from "../../../auth";

// Coatcheck's own routes: who am I, devices, sign-out.
const handle = async (request: Request): Promise<Response> => (await auth()).fetch(request);

export { handle as DELETE, handle as GET, handle as POST };
