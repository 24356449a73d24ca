import { BUILT_IN_CLIENT } from "../core/ids.ts";
import { OAuthError } from "./oauth-errors.ts";

const BASIC = /^[ \t]*basic(?:[ \t]|$)/i;

/** What the built-in client says if it uses the Basic scheme: its id, and no secret (RFC 6749 §2.3.1). */
const BUILT_IN_BASIC = Buffer.from(`${BUILT_IN_CLIENT}:`).toString("base64");

/** Whether a client shows a secret of its own: whoever knows it wrote this request. */
export function hasClientAuthentication(request: Request, form: ReadonlyMap<string, string>): boolean {
  return usesBasic(request) || form.has("client_secret");
}

/**
 * The built-in client is public: it needs no `client_id`, has no secret, and there is no other client yet.
 * @throws {invalid_client} for any other, as RFC 6749 §5.2 has it.
 */
export function requireBuiltInClient(request: Request, form: ReadonlyMap<string, string>): void {
  const basic = usesBasic(request);
  const id = form.get("client_id") ?? BUILT_IN_CLIENT;
  const credentials = request.headers.get("authorization")?.trim().slice("basic".length).trim();
  if (id === BUILT_IN_CLIENT && !form.has("client_secret") && (!basic || credentials === BUILT_IN_BASIC)) return;
  throw new OAuthError(
    "invalid_client",
    "There is no such client, or it has no such secret.",
    basic ? 'Bearer, Basic realm="coatcheck"' : "Bearer",
  );
}

function usesBasic(request: Request): boolean {
  return BASIC.test(request.headers.get("authorization") ?? "");
}
