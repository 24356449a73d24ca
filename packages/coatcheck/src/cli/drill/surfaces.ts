import { isIP } from "node:net";
import { ConfigError } from "../../core/errors.ts";
import { duration } from "../../core/time.ts";
import { Failure } from "../failure.ts";

/** What a surface says to whoever shows the credential: let in, kept out, or neither: an outage, or something else altogether. */
export type Said = "accepted" | "refused" | "unknown";

/** One place where one credential is shown. */
export interface Surface {
  /** The address of the node or verifier. */
  readonly at: string;
  readonly shows: "cookie" | "access token" | "refresh token";
  ask(): Promise<Said>;
}

/** A login on both carriers. */
export interface Login {
  readonly cookie: string;
  readonly accessToken: string;
  readonly refreshToken: string;
}

/** How long one answer is waited for. */
const PATIENCE = duration("3s");

/** @throws ConfigError for what is no address of a server. */
export function readAddress(flag: string, typed: string): string {
  const url = URL.parse(typed);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== "" || url.search !== "" || url.hash !== "")
    throw new ConfigError(`${flag} ${JSON.stringify(typed)} is not an address like https://id.example.com`);
  return url.href.replace(/\/$/, "");
}

/** Signs in over HTTP at one node, once for each carrier. @throws Failure if that node lets nobody in. */
export async function logIn(node: string, account: { readonly email: string; readonly password: string }): Promise<Login> {
  const [byCookie, byToken] = [await signIn(node, account, "cookie"), await signIn(node, account, "token")];
  const cookie = byCookie.headers.getSetCookie()[0]?.split(";", 1)[0];
  const { access_token: accessToken, refresh_token: refreshToken } = (await byToken.json()) as Record<string, string | undefined>;
  if (cookie === undefined || accessToken === undefined || refreshToken === undefined)
    throw new Failure(`${node} does not answer as Coatcheck does: is it the address of a node?`);
  return { cookie, accessToken, refreshToken };
}

async function signIn(node: string, account: object, carrier: string): Promise<Response> {
  const body = JSON.stringify({ ...account, carrier });
  const answer = await request(`${node}/auth/sign-in`, { method: "POST", headers: { "content-type": "application/json" }, body });
  if (answer === null) throw new Failure(`${node} is out of reach: see that the server runs, and give its address with --node`);
  if (answer.ok) return answer;
  const why = answer.status === 404 ? "it has no accounts of its own, which a drill needs" : `it said ${answer.status}`;
  throw new Failure(`${node} did not let the drill's account sign in: ${why}`);
}

/** Everywhere that the login is good while it lives: at each node by either carrier, at each verifier by its access token. */
export function surfacesOf({ cookie, accessToken }: Login, nodes: readonly string[], verifiers: readonly string[]): readonly Surface[] {
  const bearer = { authorization: `Bearer ${accessToken}` };
  return [
    ...nodes.flatMap((node): Surface[] => [
      { at: node, shows: "cookie", ask: () => ask(`${node}/auth/me`, { headers: { cookie } }) },
      { at: node, shows: "access token", ask: () => ask(`${node}/auth/me`, { headers: bearer }) },
    ]),
    ...verifiers.map((verifier): Surface => ({ at: verifier, shows: "access token", ask: () => ask(verifier, { headers: bearer }) })),
  ];
}

/** Whether a refresh token still yields tokens; not to be asked before the end, since a refresh token is good once. */
export function refreshSurfaces({ refreshToken }: Login, nodes: readonly string[]): readonly Surface[] {
  const body = new URLSearchParams({ grant_type: "refresh_token", refresh_token: refreshToken });
  return nodes.map((node) => ({ at: node, shows: "refresh token", ask: () => ask(`${node}/oauth/token`, { method: "POST", body }) }));
}

const REFUSALS: ReadonlySet<number> = new Set([400, 401, 403]);

async function ask(url: string, init: RequestInit): Promise<Said> {
  const answer = await request(url, init);
  if (answer?.ok === true) return "accepted";
  return answer !== null && REFUSALS.has(answer.status) ? "refused" : "unknown";
}

/** Null if no answer came. */
async function request(url: string, init: RequestInit): Promise<Response | null> {
  try {
    return await fetch(url, { ...init, redirect: "manual", signal: AbortSignal.timeout(PATIENCE) });
  } catch {
    return null;
  }
}

/** Whether what is sent to this address can be read on its way. */
export function isOpenToEavesdroppers(address: string): boolean {
  const { protocol, hostname } = new URL(address);
  const isThisMachine = hostname === "localhost" || hostname === "[::1]" || (isIP(hostname) === 4 && hostname.startsWith("127."));
  return protocol === "http:" && !isThisMachine;
}
