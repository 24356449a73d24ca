import { ConfigError } from "../core/errors.ts";
import { isLocal } from "../core/settings.ts";
import type { Settings } from "../core/settings.ts";
import { FILE_KEYS, refuseUnknownKeys, refuseUnknownVariables, unknownFlag } from "./names.ts";
import { settingsFrom } from "./settings.ts";
import type { Find } from "./settings.ts";
import { SETTING_NAMES, SETTINGS, settle } from "./table.ts";
import type { Given, SettingName } from "./table.ts";

/** The file that the server reads its settings from, in the folder that it is started in. */
export const CONFIG_FILE = "coatcheck.config.json";

/** Where the server's settings are written, the strongest first. */
export interface ConfigSources {
  /** By the names of the settings (`accessTtl` for `--access-ttl`); undefined is absent. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What `coatcheck.config.json` holds; undefined if there is none. */
  readonly file?: unknown;
}

/** Where the secrets come from. */
export type SecretSource =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "values"; readonly values: readonly string[]; readonly at: string }
  | { readonly kind: "default" };

/** All that `coatcheck serve` goes by. */
export interface ServerConfig {
  readonly settings: Settings;
  readonly store: string;
  readonly host: string;
  readonly port: number;
  readonly secret: SecretSource;
  /** Who may read the metrics: who shows the token, who reaches the port of their own; null for nobody. */
  readonly metrics: { readonly token: string | null; readonly port: number | null };
  /** What is allowed but dangerous, one line each. */
  readonly warnings: readonly string[];
  /** The same sources read for the port that port 0 turned into: an issuer that nobody set follows it. */
  onPort(port: number): ServerConfig;
}

/**
 * Reads the settings: a flag wins over the environment, that over the file, that over the default.
 * @throws ConfigError with one line: what is unknown (and the nearest right name), or what is wrong (and what would be right).
 */
export function readConfig(sources: ConfigSources): ServerConfig {
  const find = finder(sources);
  const port = settle("port", find("port"), "");
  const issuer = settle("issuer", find("issuer"), `http://localhost:${port}`);
  const settings = settingsFrom(find, issuer);
  const host = settle("host", find("host"), issuer);
  const metrics = { token: settle("metricsToken", find("metricsToken"), ""), port: settle("metricsPort", find("metricsPort"), "") };
  return {
    settings,
    store: settle("store", find("store"), issuer),
    host,
    port,
    secret: secretSource(find),
    metrics,
    warnings: [...warningsOf(settings, host), ...metricsWarnings(metrics, host)],
    onPort: (actual) => readConfig({ ...sources, flags: { ...sources.flags, port: actual } }),
  };
}

function finder({ flags, env, file }: ConfigSources): Find {
  for (const [name, value] of Object.entries(flags)) {
    if (value !== undefined && flagOf(name) === null) throw unknownFlag(`--${kebab(name)}`);
  }
  refuseUnknownVariables(env);
  const keys = fileKeys(file);
  return (name) => {
    const { flag, env: variable } = SETTINGS[name];
    if (flag !== null && flags[name] !== undefined) return { raw: flags[name], at: flag };
    if (variable !== null && env[variable] !== undefined) return fromEnvironment(variable, env[variable]);
    return keys.get(name);
  };
}

/** An empty variable is refused: whether "unset" or "set to nothing" was meant can't be told, and the defaults are looser than what it may have held. */
function fromEnvironment(variable: string, raw: string): Given {
  if (raw === "") throw new ConfigError(`${variable} is empty: give it a value or unset it`);
  return { raw, at: variable };
}

/** The file's settings. A key may be written like the flag as well: `access-ttl` is `accessTtl`. */
function fileKeys(file: unknown): ReadonlyMap<string, Given> {
  if (file === undefined) return new Map();
  if (typeof file !== "object" || file === null || Array.isArray(file))
    throw new ConfigError(`${CONFIG_FILE} must hold one JSON object, like { "port": 3000 }`);
  const given = new Map<string, Given>();
  for (const [key, raw] of Object.entries(file)) {
    const name = camel(key);
    if (given.has(name)) throw new ConfigError(`${CONFIG_FILE} has ${JSON.stringify(name)} twice: keep one of its two spellings`);
    given.set(name, { raw, at: `${JSON.stringify(key)} in ${CONFIG_FILE}` });
  }
  refuseUnknownKeys([...given.keys()], FILE_KEYS, `key in ${CONFIG_FILE}`);
  return given;
}

/** The flag wins; of the two variables neither does; both win over the file. */
function secretSource(find: Find): SecretSource {
  const { flag, env } = SETTINGS.secretFile;
  const file = find("secretFile");
  const value = find("secret");
  if (value !== undefined && file?.at !== flag) {
    if (file?.at === env) throw new ConfigError(`${value.at} and ${env} are both set: unset one of them`);
    return { kind: "values", values: String(value.raw).split(","), at: value.at };
  }
  const path = settle("secretFile", file, "");
  return path === null ? { kind: "default" } : { kind: "file", path };
}

function warningsOf(settings: Settings, host: string): string[] {
  const warnings: string[] = [];
  if (isLocal(settings.issuer) && !isLoopback(host)) {
    warnings.push(`the issuer is ${settings.issuer}, but others can reach the address ${host}: for them set --issuer to an https address`);
  }
  if (!settings.throttle) warnings.push("the throttle is off: passwords can be guessed without limit");
  return warnings;
}

/** As short as this, a token can be guessed. */
const SHORT_TOKEN = 22;

function metricsWarnings({ token, port }: ServerConfig["metrics"], host: string): string[] {
  const warnings: string[] = [];
  if (token !== null && token.length < SHORT_TOKEN)
    warnings.push(`the metrics token is short enough to be guessed: make one of ${SHORT_TOKEN} random characters or more`);
  if (port !== null && !isLoopback(host))
    warnings.push(
      `anybody who reaches ${host} can read the metrics on --metrics-port: keep it behind a firewall, or use --metrics-token alone`,
    );
  return warnings;
}

function isLoopback(host: string): boolean {
  return /^(127\.|::1$|localhost$)/.test(host);
}

function flagOf(name: string): string | null {
  return SETTING_NAMES.includes(name as SettingName) ? SETTINGS[name as SettingName].flag : null;
}

function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function camel(key: string): string {
  return key.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
