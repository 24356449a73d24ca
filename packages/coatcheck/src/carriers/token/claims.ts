import { parseScope } from "../../core/clients.ts";
import { parseSid, seq } from "../../core/ids.ts";
import type { ClientId, Seq, Sid, UserId } from "../../core/ids.ts";
import { LEEWAY } from "../../core/limits.ts";
import type { AuthMethods, JsonValue } from "../../core/session.ts";
import { epochSeconds, instant } from "../../core/time.ts";
import type { Instant, Milliseconds } from "../../core/time.ts";
import type { RefusalReason } from "../../core/verdict.ts";
import type { JsonObject } from "../../crypto/json.ts";
import { parseJsonObject } from "../../crypto/json.ts";
import { OUR_CLAIMS } from "./names.ts";

// What an access token says (RFC 9068 §2.2), by the names it has on the wire. Seconds exist in this file alone:
// a token holds whole seconds (RFC 7519 §2, NumericDate), everything else in the program holds instants in milliseconds.

/** The claims that every access token has. */
interface CommonClaims {
  readonly iss: string;
  /** One audience, or several. */
  readonly aud: string | readonly string[];
  readonly client_id: ClientId;
  readonly iat: Instant;
  readonly exp: Instant;
  readonly nbf?: Instant;
  readonly jti: string;
  /** Log position from before the session, or the client, was last read: a cutoff after it ends the token. */
  readonly rsq: Seq;
  /** What the application has declared, and nothing of the others. */
  readonly declared: JsonObject;
}

/** The claims that tell of a login. */
interface LoginClaims {
  readonly sub: UserId;
  readonly sid: Sid;
  readonly roles: readonly string[];
  /** When the person last proved themselves: at the login, not at a refresh (RFC 9068 §2.2.1). */
  readonly auth_time: Instant;
  readonly amr: AuthMethods;
}

/** The claims of a token that no login stands behind: its subject is the client itself (RFC 9068 §2.2). */
interface ClientClaims {
  readonly sub: ClientId;
  /** Empty, and absent on the wire, if none was granted (RFC 9068 §2.2.3). */
  readonly scope: readonly string[];
}

/** What the one kind has, the other has not: a token is a login's or a client's, and a check of `sid` tells which. */
type Without<Claims> = { readonly [name in Exclude<keyof Claims, "sub">]?: never };

export type LoginAccess = CommonClaims & LoginClaims & Without<ClientClaims>;
export type ClientAccess = CommonClaims & ClientClaims & Without<LoginClaims>;
export type AccessClaims = LoginAccess | ClientAccess;

/** Later than any honest clock, and small enough to be counted in milliseconds without loss. */
const END_OF_TIME = 2 ** 41;

/**
 * Reads the payload of a token whose signature has been proved.
 * @returns null unless every required claim is there and every one is of its type, in one reading. Never throws.
 */
export function readClaims(payload: Uint8Array): AccessClaims | null {
  const raw = parseJsonObject(payload);
  if (raw === null) return null;
  const common = readCommon(raw);
  if (common === null) return null;
  const login = readLogin(raw);
  // Member by member: two spreads in one object take longer than all that is read here.
  if (login !== null) {
    const { iss, aud, client_id, iat, exp, jti, rsq, declared } = common;
    const { sub, sid, roles, auth_time, amr } = login;
    const claims = { iss, aud, client_id, iat, exp, jti, rsq, declared, sub, sid, roles, auth_time, amr };
    return common.nbf === undefined ? claims : { ...claims, nbf: common.nbf };
  }
  const client = readClient(raw, common);
  return client === null ? null : { ...common, ...client };
}

function readCommon(raw: JsonObject): CommonClaims | null {
  const iss = text(raw["iss"]);
  const aud = audience(raw["aud"]);
  const client_id = text(raw["client_id"]);
  const iat = time(raw["iat"]);
  const exp = time(raw["exp"]);
  const nbf = raw["nbf"] === undefined ? undefined : time(raw["nbf"]);
  const jti = text(raw["jti"]);
  const rsq = position(raw["rsq"]);
  if (iss === null || aud === null || client_id === null || jti === null) return null;
  if (iat === null || exp === null || nbf === null || rsq === null) return null;
  const common = { iss, aud, client_id: client_id as ClientId, iat, exp, jti, rsq, declared: declaredIn(raw) };
  return nbf === undefined ? common : { ...common, nbf };
}

function readLogin(raw: JsonObject): LoginClaims | null {
  const sub = text(raw["sub"]);
  const sid = typeof raw["sid"] === "string" ? parseSid(raw["sid"]) : null;
  const auth_time = time(raw["auth_time"]);
  const [roles, amr] = [texts(raw["roles"]), texts(raw["amr"])];
  if (sub === null || sid === null || auth_time === null || roles === null || amr === null || raw["scope"] !== undefined) return null;
  return { sub: sub as UserId, sid, roles, auth_time, amr };
}

/** A client speaks for itself alone: a subject that is anybody else, or any word of a login, makes it no token of ours. */
function readClient(raw: JsonObject, { client_id }: CommonClaims): ClientClaims | null {
  const { sub, scope, sid, roles, auth_time, amr } = raw;
  if (sub !== client_id || [sid, roles, auth_time, amr].some((it) => it !== undefined)) return null;
  const scopes = scope === undefined ? [] : typeof scope === "string" ? parseScope(scope) : null;
  return scopes === null ? null : { sub: client_id, scope: scopes };
}

/** Most tokens declare nothing, and share this. */
const NOTHING_DECLARED: JsonObject = Object.freeze(Object.create(null) as JsonObject);

function declaredIn(raw: JsonObject): JsonObject {
  let declared: Record<string, JsonValue> | null = null;
  for (const name of Object.keys(raw)) {
    if (OUR_CLAIMS.has(name)) continue;
    declared ??= Object.create(null) as Record<string, JsonValue>;
    declared[name] = raw[name] as JsonValue;
  }
  return declared ?? NOTHING_DECLARED;
}

function text(value: JsonValue | undefined): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

function texts(value: JsonValue | undefined): readonly string[] | null {
  return Array.isArray(value) && value.every((item) => text(item) !== null) ? value : null;
}

function audience(value: JsonValue | undefined): string | readonly string[] | null {
  const several = texts(value);
  return several === null || several.length === 0 ? text(value) : several;
}

function time(value: JsonValue | undefined): Instant | null {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < END_OF_TIME ? instant((value as number) * 1_000) : null;
}

function position(value: JsonValue | undefined): Seq | null {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? seq(value as number) : null;
}

/** The claims by their names and in their units on the wire, times cut to whole seconds. */
export function wireOf(claims: AccessClaims): JsonObject {
  const { iss, aud, sub, client_id, iat, exp, nbf, jti, sid, roles, auth_time, amr, scope, rsq, declared } = claims;
  const all = {
    // The application's come first: whatever they are called, ours stand. Absent ones are undefined, and stand too.
    ...declared,
    ...{ iss, aud, sub, client_id, jti, sid, roles, amr, rsq },
    scope: scope === undefined || scope.length === 0 ? undefined : scope.join(" "),
    iat: epochSeconds(iat),
    exp: epochSeconds(exp),
    nbf: nbf && epochSeconds(nbf),
    auth_time: auth_time && epochSeconds(auth_time),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as JsonObject;
}

const UTF8 = new TextEncoder();

/** The payload that {@link readClaims} reads as these claims. */
export function writeClaims(claims: AccessClaims): Uint8Array {
  return UTF8.encode(JSON.stringify(wireOf(claims)));
}

/** Whether a token with these claims is for this audience, among others or alone. */
export function isFor({ aud }: Pick<AccessClaims, "aud">, whom: string): boolean {
  return aud === whom || (Array.isArray(aud) && aud.includes(whom));
}

/** What {@link judgeClaims} judges of them. */
export type Terms = Pick<AccessClaims, "iss" | "aud" | "iat" | "exp" | "nbf">;

export interface ClaimsPolicy {
  readonly issuer: string;
  /** Who we are: the token must be for us. */
  readonly audience: string;
  /** The longest life that any access token was ever given. */
  readonly maxTtl: Milliseconds;
}

/**
 * Judges what the claims say, in the order of RFC 9068 §4; the signature comes before and the log after it.
 * @returns null if nothing speaks against them, else why not. Claims that this issuer can not have written are `malformed`: a life longer than
 * any, since the log forgets what ended when the longest life is over, and a beginning that has not come yet.
 */
export function judgeClaims(claims: Terms, policy: ClaimsPolicy, now: Instant): RefusalReason | null {
  if (claims.iss !== policy.issuer) return "forged";
  if (!isFor(claims, policy.audience)) return "wrong_audience";
  // No leeway here: a clock that runs ahead costs its client a refresh, while a leeway would let a token outlive its session's own limits.
  if (now >= claims.exp) return "expired";
  // Both ends were cut to whole seconds, so a life that is none may look longer by the rest of one.
  if (claims.exp - claims.iat > Math.ceil(policy.maxTtl / 1_000) * 1_000) return "malformed";
  // A clock that is behind the issuer's must not refuse what was made a moment ago.
  if (claims.iat > now + LEEWAY) return "malformed";
  return claims.nbf !== undefined && claims.nbf > now ? "malformed" : null;
}
