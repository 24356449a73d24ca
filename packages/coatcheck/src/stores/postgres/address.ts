import { readFileSync } from "node:fs";
import { ConfigError } from "../../core/errors.ts";

/** Where the server is and how to reach it. Holds the password: nothing but the driver gets it. */
export interface Address {
  /** For people and logs: neither user nor password in it. */
  readonly name: string;
  /** A name, an IP address, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
  /** What is missing here the driver takes from `PGUSER`, `PGPASSWORD` and `PGDATABASE`, as PostgreSQL's own programs do. */
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly database: string | undefined;
  /** Null: in plain text. */
  readonly tls: Tls | null;
}

export interface Tls {
  readonly mode: EncryptedMode;
  /** The authorities that may have signed the server's certificate, in PEM; the system's, if there are none. */
  readonly ca: string | undefined;
  /** The client's own certificate and key. */
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/**
 * How far the server is trusted, by libpq's names (https://www.postgresql.org/docs/current/libpq-ssl.html, table 34.1). `allow` and `prefer` are not
 * among them: they go on in plain text without a word when somebody on the way asks for it.
 */
const MODES = ["disable", "require", "verify-ca", "verify-full"] as const;
type Mode = (typeof MODES)[number];
type EncryptedMode = Exclude<Mode, "disable">;

const PARAMETERS = ["host", "sslmode", "sslrootcert", "sslcert", "sslkey"] as const;

/**
 * Reads `postgres://user:password@host:port/database?sslmode=…`.
 * @throws ConfigError with one line that never repeats the address: there is a password in it.
 */
export function parseAddress(text: string): Address {
  const url = /^postgres(ql)?:\/\//.test(text) ? URL.parse(text) : null;
  if (url === null) throw wrong("must be written like postgres://user:password@host:5432/database");
  const parameters = readParameters(url);
  const host = parameters.get("host") ?? (decoded(url.hostname).replace(/^\[(.*)\]$/, "$1") || "localhost");
  if (host.includes(",")) throw wrong("names several hosts: name one that always leads to the primary");
  const port = url.port === "" ? 5_432 : Number(url.port);
  const database = decoded(url.pathname.slice(1)) || undefined;
  return {
    name: `postgres://${host.includes(":") ? `[${host}]` : encodeURI(host)}:${port}/${database === undefined ? "" : encodeURIComponent(database)}`,
    ...{ host, port, database },
    user: decoded(url.username) || undefined,
    password: decoded(url.password) || undefined,
    tls: readTls(host, parameters),
  };
}

/** Whether what goes there never leaves this machine. */
export function isLoopback(host: string): boolean {
  return host.startsWith("/") || host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

function readParameters(url: URL): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [name, value] of url.searchParams) {
    if (!PARAMETERS.some((known) => known === name)) throw wrong(`has a parameter that is not known: there are ${PARAMETERS.join(", ")}`);
    if (value === "" || found.has(name)) throw wrong(`must give ${name} once, and a value to it`);
    found.set(name, value);
  }
  return found;
}

function readTls(host: string, parameters: ReadonlyMap<string, string>): Tls | null {
  const wanted = parameters.get("sslmode") ?? (isLoopback(host) && !parameters.has("sslrootcert") ? "disable" : "verify-full");
  const mode = MODES.find((known) => known === wanted);
  if (mode === undefined)
    throw wrong(`must have an sslmode of ${MODES.join(", ")}; verify-full is the one that nobody on the way can undo`);
  if (mode === "disable") return null;
  const file = (name: (typeof PARAMETERS)[number]): string | undefined => {
    const path = parameters.get(name);
    return path === undefined || path === "system" ? undefined : readPem(name, path);
  };
  return { mode, ca: file("sslrootcert"), cert: file("sslcert"), key: file("sslkey") };
}

function readPem(name: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw wrong(`names a file in ${name} that can't be read (${(error as NodeJS.ErrnoException).code}): ${path}`, error);
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw wrong("has a % that encodes nothing: write the percent sign itself as %25");
  }
}

function wrong(must: string, cause?: unknown): ConfigError {
  return new ConfigError(`the address of PostgreSQL ${must}`, { cause });
}
