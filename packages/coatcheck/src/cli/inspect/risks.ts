import { refusedPart } from "../../carriers/token/declared.ts";
import { MAX_TOKEN } from "../../core/limits.ts";
import type { JsonValue } from "../../core/session.ts";
import { duration } from "../../core/time.ts";
import { KID } from "../../crypto/public-jwk.ts";
import type { SignedForm } from "./forms.ts";
import { lasting, timeOf } from "./words.ts";

/** What is risky about a token, whether or not it holds. */
export interface Risk {
  readonly risk: string;
  readonly says: string;
}

/** An access token can be used by whoever gets hold of it, until it ends. */
const LONG_LIFE = duration("1h");
/** Browsers keep no cookie that is larger, and many servers read no header line that is much larger. */
const LARGE = 4_096;

/** Each looks at the token and says what is risky about it, or null. By name; published in docs/cli.md. */
export const RISKS: Readonly<Record<string, (token: SignedForm) => string | null>> = {
  alg_none: ({ header }) => (isAlg(header["alg"], /^none$/i) ? "alg none: it is not signed, so that anybody can write one" : null),
  alg_missing: ({ header }) => (typeof header["alg"] === "string" ? null : "no alg: it does not say how it is signed"),
  alg_symmetric: ({ header }) =>
    isAlg(header["alg"], /^HS/i) ? "signed with a shared secret: whoever can check it can also write one" : null,
  key_by_address: ({ header }) => {
    const names = ["jku", "x5u"].filter((name) => header[name] !== undefined);
    return names.length === 0 ? null : `${names.join(", ")}: a verifier that fetches keys from there trusts whoever wrote the token`;
  },
  key_inside: ({ header }) => {
    const names = ["jwk", "x5c"].filter((name) => header[name] !== undefined);
    return names.length === 0 ? null : `${names.join(", ")}: a verifier that takes the key from the token trusts whoever wrote it`;
  },
  kid_unusual: ({ header: { kid } }) =>
    kid === undefined || (typeof kid === "string" && KID.test(kid))
      ? null
      : "a kid of other than 1 to 64 letters, digits, _ and -: where it meets a path, a query or a log it may mean something there (RFC 8725 §3.10)",
  critical: ({ header }) =>
    header["crit"] === undefined ? null : "crit: readers that pass it over take the token for another (RFC 7515 §4.1.11)",
  typ_missing: ({ header: { typ } }) =>
    typeof typ === "string" && !/^jwt$/i.test(typ)
      ? null
      : "typ does not say which kind of token it is: one kind may be taken for another (RFC 8725 §3.11)",
  iss_missing: ({ claims }) => (filled(claims["iss"]) ? null : "no iss: it does not say who issued it"),
  aud_missing: ({ claims }) => (filled(claims["aud"]) ? null : "no aud: whoever accepts one can use it elsewhere (RFC 8725 §3.9)"),
  exp_missing: ({ claims }) => (timeOf(claims["exp"]) === null ? "no exp that is a time: it never ends by itself" : null),
  long_life: longLife,
  private_claims: ({ claims }) => {
    const names = privateNames(claims);
    return names.length === 0 ? null : `${names.join(", ")}: about a person or secret, and anyone who holds the token can read it`;
  },
  ambiguous: ({ strict }) => (strict ? null : "two readers may read it in two ways: its base64url or its JSON has more than one spelling"),
  large: ({ text }) =>
    text.length <= LARGE
      ? null
      : `${text.length} bytes: it fits no cookie and may fit no header${text.length > MAX_TOKEN ? "; Coatcheck reads none over 8 kB" : ""}`,
};

export function risksOf(token: SignedForm): Risk[] {
  return Object.entries(RISKS).flatMap(([risk, look]) => {
    const says = look(token);
    return says === null ? [] : { risk, says };
  });
}

function longLife({ claims }: SignedForm): string | null {
  const [from, to] = [timeOf(claims["iat"] ?? claims["nbf"]), timeOf(claims["exp"])];
  if (to === null || (from !== null && to - from <= LONG_LIFE)) return null;
  if (from === null) return "no iat: how long it lives can't be told";
  return `it lives ${lasting(to - from)}: so long can whoever gets hold of it use it, unless it can be ended`;
}

function isAlg(alg: JsonValue | undefined, form: RegExp): boolean {
  return typeof alg === "string" && form.test(alg);
}

function filled(value: JsonValue | undefined): boolean {
  return (typeof value === "string" && value !== "") || (Array.isArray(value) && value.length > 0);
}

/** Names of people in OpenID Connect Core §5.1 that the published list does not have, since Coatcheck reserves them anyway. */
const PEOPLE = new Set(["name", "nickname", "preferred_username", "picture", "profile"]);
const ADDRESS = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;

/** Claims, at any depth, whose name is on the published list or whose value is an e-mail address. */
function privateNames(value: JsonValue, path = ""): string[] {
  if (typeof value === "string") return ADDRESS.test(value) ? [path] : [];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value as Readonly<Record<string, JsonValue>>).flatMap(([name, inner]) => {
    const here = path === "" ? name : `${path}.${name}`;
    return PEOPLE.has(name) || refusedPart(name) !== null ? [here] : privateNames(inner, here);
  });
}
