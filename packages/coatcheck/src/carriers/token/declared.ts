import { ConfigError } from "../../core/errors.ts";
import { OUR_CLAIMS } from "./names.ts";

// Whoever holds a token can read it (RFC 9068 §6): so it holds what the application declares, and nothing that is a secret or about a person.
// The lists are published, and judge names alone: they catch the slip, not the intent.

/** Parts of a name that are refused wherever they stand in it, however it is cased and separated. */
export const REFUSED_PARTS: readonly string[] = [
  ...[
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "secret",
    "credential",
    "privatekey",
    "apikey",
    "accesskey",
    "refreshtoken",
    "recoverycode",
  ],
  ...["card", "cvv", "iban", "accountnumber", "routingnumber", "salary"],
  ...["socialsecurity", "nationalid", "taxid", "passport", "driverslicen", "drivinglicen"],
  ...[
    "email",
    "phone",
    "mobile",
    "address",
    "postcode",
    "postalcode",
    "zipcode",
    "birth",
    "fullname",
    "firstname",
    "lastname",
    "givenname",
    "familyname",
    "surname",
  ],
  ...["ethnic", "religio", "biometric", "fingerprint", "medical", "diagnos"],
];

/** Words that are refused as a word of a name or as all of it: inside of longer words they mean nothing (`ssn` in `businessname`). */
export const REFUSED_WORDS: readonly string[] = [
  ...[
    "pwd",
    "pass",
    "pin",
    "otp",
    "totp",
    "token",
    "cookie",
    "ssn",
    "sin",
    "nin",
    "dob",
    "cvc",
    "pan",
    "tel",
    "fax",
    "mail",
    "gender",
    "race",
  ],
];

/** Names that a receiver of tokens already gives a meaning: those that we write, and registered ones of RFC 7519, 7800, 8693, 9068 and OpenID Connect. */
export const RESERVED_CLAIMS: ReadonlySet<string> = new Set([
  ...OUR_CLAIMS,
  ...[
    "acr",
    "act",
    "at_hash",
    "azp",
    "c_hash",
    "client",
    "cnf",
    "events",
    "may_act",
    "name",
    "nickname",
    "nonce",
    "picture",
    "preferred_username",
  ],
  ...["profile", "s_hash", "scp", "status", "sub_id", "sub_jwk", "toe", "txn", "vc", "vp", "website"],
  ...["__proto__", "constructor", "prototype"],
]);

/** What a name may be made of: enough for `tenant`, `billing_plan` and `https://example.com/tenant`, nothing that needs escaping anywhere. */
const NAME = /^[\w.:/-]{1,64}$/;

/**
 * Checks the claims that an application wants in its access tokens, once, at start.
 * @throws ConfigError for a name that is reserved, given twice, badly spelled, or on the published list of what no token may hold.
 */
export function declareClaims(names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (!NAME.test(name))
      throw new ConfigError(`claims: ${JSON.stringify(name)} is no name for a claim; use up to 64 letters, digits and _ . : / -`);
    if (RESERVED_CLAIMS.has(name)) throw new ConfigError(`claims: "${name}" has a meaning of its own in tokens; choose another name`);
    if (seen.has(name)) throw new ConfigError(`claims: "${name}" is declared twice; leave one out`);
    const refused = refusedPart(name);
    if (refused !== null) {
      throw new ConfigError(
        `claims: "${name}" (because of "${refused}") may not be in a token, which anyone who holds it can read; keep it in your users table or in session.data`,
      );
    }
    seen.add(name);
  }
}

/** The part of a name for which no token may hold it, by the published lists; null if there is none. */
export function refusedPart(name: string): string | null {
  const squashed = name.replace(/[^A-Za-z0-9]/g, "").toLowerCase();
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  return (
    REFUSED_PARTS.find((part) => squashed.includes(part)) ?? REFUSED_WORDS.find((word) => squashed === word || words.includes(word)) ?? null
  );
}
