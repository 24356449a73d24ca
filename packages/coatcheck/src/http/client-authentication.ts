import type { ClientProof } from "../core/clients.ts";
import { BUILT_IN_CLIENT } from "../core/ids.ts";
import type { Call } from "./call.ts";
import { OAuthError } from "./oauth-errors.ts";

/** How a client shows its secret, by the names of RFC 8414 §2; never by two of them at once. */
export const CLIENT_AUTHENTICATION_METHODS = ["client_secret_basic", "client_secret_post"] as const;

type Form = ReadonlyMap<string, string>;

/** Who a client says it is. The built-in one is public: it has no secret. */
interface Shown {
  readonly id: string;
  readonly secret: string;
}

const BASIC = /^[ \t]*basic(?:[ \t]+|$)/i;

/** With 401 comes the scheme that a client can use (RFC 6749 §5.2), beside the one that every 401 of ours names. */
const CHALLENGE = 'Bearer, Basic realm="coatcheck"';

/** Whether a client shows a secret of its own: whoever knows it wrote this request. */
export function hasClientAuthentication(request: Request, form: Form): boolean {
  return usesBasic(request) || form.has("client_secret");
}

/**
 * Which client is calling; null for the built-in public one, which need not say so (RFC 6749 §2.3.1, §3.2.1).
 * @throws {invalid_request} for two ways of authentication at once.
 * @throws {invalid_client} for any client that proves nothing, as RFC 6749 §5.2 has it.
 * @throws {too_many_requests}
 * @throws {store_unavailable}
 */
export async function authenticateClient(call: Call, form: Form): Promise<ClientProof | null> {
  const shown = readClient(call.request, form);
  if (shown === null) throw noSuchClient();
  if (shown.id === BUILT_IN_CLIENT && shown.secret === "") return null;
  const { site, ip, device } = call;
  const verdict = await site.engine.clients.prove(shown, { ip });
  if (verdict.ok) return verdict.proof;
  const { reason, clientId } = verdict;
  // The id as it was typed goes nowhere: it may be a secret in the wrong place.
  const detail = { reason, clientId, device: device.label };
  await site.engine.audit({ event: "client_refused", userId: null, sid: null, ip, carrier: null, detail });
  throw noSuchClient();
}

/**
 * A client that has a secret: what the built-in public one may not do.
 * @throws {invalid_client} and as {@link authenticateClient}.
 */
export async function requireClient(call: Call, form: Form): Promise<ClientProof> {
  const proof = await authenticateClient(call, form);
  if (proof === null) throw noSuchClient();
  return proof;
}

/** One answer for an unknown client, a wrong secret and a disabled one: who asks learns nothing of which clients there are. */
export function noSuchClient(): OAuthError {
  return new OAuthError("invalid_client", "There is no such client, or it has no such secret.", CHALLENGE);
}

/** @returns null for a Basic scheme without readable credentials. */
function readClient(request: Request, form: Form): Shown | null {
  const inForm = { id: form.get("client_id") ?? BUILT_IN_CLIENT, secret: form.get("client_secret") ?? "" };
  if (!usesBasic(request)) return inForm;
  if (inForm.secret !== "")
    throw new OAuthError("invalid_request", "The client shows a secret in two ways: use one (RFC 6749 section 2.3).");
  const basic = readBasic(request.headers.get("authorization") ?? "");
  if (basic !== null && form.has("client_id") && basic.id !== inForm.id)
    throw new OAuthError("invalid_request", "The parameter client_id names another client than the Authorization header.");
  return basic;
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** RFC 7617 §2, id and secret each as in a form (RFC 6749 §2.3.1). @returns null for anything else. */
function readBasic(header: string): Shown | null {
  const encoded = header.replace(BASIC, "").trimEnd();
  const bytes = Buffer.from(encoded, "base64");
  if (bytes.toString("base64") !== encoded) return null;
  try {
    const pair = UTF8.decode(bytes);
    const colon = pair.indexOf(":");
    return colon === -1 ? null : { id: formDecoded(pair.slice(0, colon)), secret: formDecoded(pair.slice(colon + 1)) };
  } catch {
    return null; // bytes that are no text, or a percent sign that encodes nothing
  }
}

function formDecoded(text: string): string {
  return decodeURIComponent(text.replaceAll("+", " "));
}

function usesBasic(request: Request): boolean {
  return BASIC.test(request.headers.get("authorization") ?? "");
}
