import { readFileSync } from "node:fs";
import type { JsonValue } from "../../core/session.ts";
import { ConfigError } from "../../core/errors.ts";
import { importPublicJwk } from "../../crypto/jwk.ts";
import type { JsonObject } from "../../crypto/json.ts";
import type { JwkRules } from "../../crypto/public-jwk.ts";
import type { KeyRing } from "./checks.ts";
import type { SignedForm } from "./forms.ts";

/** Somebody else's keys: shorter ones than ours are still in use, and a kid may be anything. */
const FOREIGN: JwkRules = { minRsaBits: 2_048, kid: /^.{1,256}$/ };

/**
 * The keys of a file (RFC 7517 §5, or one key alone) that may have signed this token.
 * @throws ConfigError if the file can't be read.
 */
export function keysIn(path: string, token: SignedForm): KeyRing {
  const jwks = jwksIn(path);
  const keys = jwks.flatMap((jwk, index) => {
    // Both are optional in a set (RFC 7517 §4.4, 4.5): then the token's alg must fit the key's type, and any key may be meant.
    const named = { ...jwk, alg: jwk["alg"] ?? token.header["alg"] ?? "", kid: jwk["kid"] ?? token.header["kid"] ?? `${index + 1}` };
    return importPublicJwk(named, FOREIGN) ?? [];
  });
  return { from: path, keys };
}

function jwksIn(path: string): readonly JsonObject[] {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? "no JSON";
    throw new ConfigError(`--jwks ${path} can't be read (${why}): name a file with a JSON Web Key Set, {"keys": […]}`, { cause: error });
  }
  const keys = isObject(value) && Array.isArray(value["keys"]) ? (value["keys"] as readonly JsonValue[]) : [value];
  const jwks = keys.filter((key): key is JsonObject => isObject(key) && typeof key["kty"] === "string");
  if (jwks.length === 0) throw new ConfigError(`--jwks ${path} holds no key: name a file with a JSON Web Key Set, {"keys": […]}`);
  return jwks;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
