import { isLocal } from "../core/settings.ts";
import type { SigningAlgorithm, SignUp } from "../core/settings.ts";
import { duration } from "../core/time.ts";
import type { Milliseconds } from "../core/time.ts";
import * as parse from "./parse.ts";
import type { Parser } from "./parse.ts";

/** Every setting, by its name: the key in `coatcheck.config.json` and in the library's options. */
export interface Values {
  readonly port: number;
  readonly host: string;
  readonly issuer: string;
  readonly store: string;
  readonly secretFile: string | null;
  readonly secret: string | null;
  readonly signUp: SignUp;
  readonly audience: string;
  readonly basePath: string;
  readonly accessTtl: Milliseconds;
  readonly idle: Milliseconds;
  readonly absolute: Milliseconds;
  readonly grace: Milliseconds;
  readonly bound: Milliseconds;
  readonly origins: ReadonlySet<string>;
  readonly trustedProxies: number;
  readonly throttle: boolean;
  readonly alg: SigningAlgorithm;
  readonly metricsToken: string | null;
  readonly metricsPort: number | null;
}

export type SettingName = keyof Values;

interface Row<T> {
  /** Null: it has no flag. */
  readonly flag: `--${string}` | null;
  /** Null: it is not read from the environment. */
  readonly env: string | null;
  /** Who has it: the server's file, the library's options, both, or neither (then the environment alone). */
  readonly key: "file" | "option" | "both" | "none";
  /** What to write, in the help. */
  readonly value: string;
  /** One line for the help and the docs. */
  readonly doc: string;
  /** The default in words. */
  readonly otherwise: string;
  /** The default; the issuer's own is what the port makes of it. */
  readonly fallback: (issuer: string) => T;
  readonly parse: Parser<T>;
}

/** The one table of settings: flags, environment, file, options, help and docs all come from it. */
export const SETTINGS: { readonly [Name in SettingName]: Row<Values[Name]> } = {
  port: {
    flag: "--port",
    env: "PORT",
    key: "file",
    value: "number",
    doc: "port to listen on; 0 takes a free one",
    otherwise: "3000",
    fallback: () => 3_000,
    parse: parse.wholeNumber(0, 65_535),
  },
  host: {
    flag: "--host",
    env: "COATCHECK_HOST",
    key: "file",
    value: "address",
    doc: "address to listen on",
    otherwise: "127.0.0.1 for a localhost issuer, else 0.0.0.0",
    fallback: loopbackFor,
    parse: parse.hostName,
  },
  issuer: {
    flag: "--issuer",
    env: "COATCHECK_ISSUER",
    key: "both",
    value: "url",
    doc: "public address; anything but localhost must be https",
    otherwise: "http://localhost:<port>",
    fallback: (issuer) => issuer,
    parse: parse.issuer,
  },
  store: {
    flag: "--store",
    env: "COATCHECK_STORE",
    key: "file",
    value: "store",
    doc: "where sessions and users are kept: sqlite:<file>, postgres://<user>:<password>@<host>/<database> or memory:",
    otherwise: "sqlite:data/coatcheck.db",
    fallback: () => "sqlite:data/coatcheck.db",
    parse: parse.storeName,
  },
  secretFile: {
    flag: "--secret-file",
    env: "COATCHECK_SECRET_FILE",
    key: "file",
    value: "file",
    doc: "file with the secrets: each 32 random bytes or more in base64url, separated by commas; the first writes, all read",
    otherwise:
      "made at first start for a localhost issuer, outside the folder of the data; memory: makes one at each start; required otherwise",
    fallback: () => null,
    parse: parse.fileName,
  },
  secret: {
    flag: null,
    env: "COATCHECK_SECRET",
    key: "none",
    value: "secrets",
    doc: "the secrets themselves, instead of a file",
    otherwise: "none",
    fallback: () => null,
    parse: parse.secrets,
  },
  signUp: {
    flag: "--sign-up",
    env: "COATCHECK_SIGN_UP",
    key: "both",
    value: "at-once|closed",
    doc: "who may make an account",
    otherwise: "at-once for a localhost issuer, else closed",
    fallback: (issuer) => (isLocal(issuer) ? "at-once" : "closed"),
    parse: parse.oneOf("at-once", "closed"),
  },
  audience: {
    flag: "--audience",
    env: "COATCHECK_AUDIENCE",
    key: "both",
    value: "name",
    doc: "who access tokens are for (their aud)",
    otherwise: "the issuer",
    fallback: (issuer) => issuer,
    parse: parse.audience,
  },
  basePath: {
    flag: null,
    env: null,
    key: "option",
    value: "path",
    doc: "path that the routes stand under in the host application",
    otherwise: "the issuer's own path",
    fallback: (issuer) => new URL(issuer).pathname.replace(/\/$/, ""),
    parse: parse.basePath,
  },
  accessTtl: {
    flag: "--access-ttl",
    env: "COATCHECK_ACCESS_TTL",
    key: "both",
    value: "duration",
    doc: "how long an access token is good; whoever has the public keys alone accepts it that long, whatever ended",
    otherwise: "5m",
    fallback: () => duration("5m"),
    parse: parse.durationBetween("1s", "1h"),
  },
  idle: {
    flag: "--idle",
    env: "COATCHECK_IDLE",
    key: "both",
    value: "duration",
    doc: "how long a session lives without activity; activity is exact to a minute, so 2m or more",
    otherwise: "7d",
    fallback: () => duration("7d"),
    parse: parse.durationBetween("2m", "400d"),
  },
  absolute: {
    flag: "--absolute",
    env: "COATCHECK_ABSOLUTE",
    key: "both",
    value: "duration",
    doc: "how long a session lives at all; browsers keep no cookie over 400d",
    otherwise: "30d",
    fallback: () => duration("30d"),
    parse: parse.durationBetween("1s", "400d"),
  },
  grace: {
    flag: "--grace",
    env: "COATCHECK_GRACE",
    key: "both",
    value: "duration",
    doc: "how long the refresh token before still yields the same successor; 0s for none",
    otherwise: "10s",
    fallback: () => duration("10s"),
    parse: parse.durationBetween("0s", "1m"),
  },
  bound: {
    flag: "--bound",
    env: "COATCHECK_BOUND",
    key: "both",
    value: "duration",
    doc: "the longest that an ended session can still be accepted anywhere",
    otherwise: "5s",
    fallback: () => duration("5s"),
    parse: parse.durationBetween("1s", "1m"),
  },
  origins: {
    flag: "--origins",
    env: "COATCHECK_ORIGINS",
    key: "both",
    value: "list",
    doc: "origins besides the issuer's that may call with credentials, separated by commas",
    otherwise: "none",
    fallback: () => new Set<string>(),
    parse: parse.origins,
  },
  trustedProxies: {
    flag: "--trusted-proxies",
    env: "COATCHECK_TRUSTED_PROXIES",
    key: "both",
    value: "number",
    doc: "how many proxies in front append to X-Forwarded-For",
    otherwise: "0",
    fallback: () => 0,
    parse: parse.wholeNumber(0, 16),
  },
  throttle: {
    flag: "--throttle",
    env: "COATCHECK_THROTTLE",
    key: "both",
    value: "on|off",
    doc: "limits on failed sign-ins, and on the sessions that one user begins; off only with a localhost issuer",
    otherwise: "on",
    fallback: () => true,
    parse: parse.throttle,
  },
  alg: {
    flag: "--alg",
    env: "COATCHECK_ALG",
    key: "both",
    value: "algorithm",
    doc: "algorithm that signs access tokens: ES256, EdDSA, PS256 or RS256",
    otherwise: "ES256",
    fallback: () => "ES256",
    parse: parse.oneOf("ES256", "EdDSA", "PS256", "RS256"),
  },
  metricsToken: {
    flag: "--metrics-token",
    env: "COATCHECK_METRICS_TOKEN",
    key: "both",
    value: "token",
    doc: "opens GET /metrics to whoever sends it as a bearer token; better in the environment, since others see flags",
    otherwise: "none: there is no such address",
    fallback: () => null,
    parse: parse.bearerToken,
  },
  metricsPort: {
    flag: "--metrics-port",
    env: "COATCHECK_METRICS_PORT",
    key: "file",
    value: "number",
    doc: "port of its own, on the same address, that answers GET /metrics to anybody; 0 takes a free one",
    otherwise: "none",
    fallback: () => null,
    parse: parse.wholeNumber(0, 65_535),
  },
};

export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[];

/** One setting as somebody wrote it, and where. */
export interface Given {
  readonly raw: unknown;
  readonly at: string;
}

/** The value that was given, parsed, or the default. @throws ConfigError */
export function settle<Name extends SettingName>(name: Name, given: Given | undefined, issuer: string): Values[Name] {
  const row: Row<Values[Name]> = SETTINGS[name];
  return given === undefined ? row.fallback(issuer) : row.parse(given.raw, given.at, issuer);
}

/** A localhost issuer is listened for on the loopback address that its name means, anything else on every network. */
function loopbackFor(issuer: string): string {
  if (!isLocal(issuer)) return "0.0.0.0";
  return new URL(issuer).hostname === "[::1]" ? "::1" : "127.0.0.1";
}
