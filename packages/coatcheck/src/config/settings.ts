import type { Settings } from "../core/settings.ts";
import { settle } from "./table.ts";
import type { Given, SettingName } from "./table.ts";

/** Where each setting was written, if anywhere. */
export type Find = (name: SettingName) => Given | undefined;

/**
 * Every setting, parsed and frozen.
 * @param issuer as parsed already: the defaults of others hang on it.
 * @throws ConfigError at the first that is wrong.
 */
export function settingsFrom(find: Find, issuer: string): Settings {
  return Object.freeze({
    issuer,
    basePath: settle("basePath", find("basePath"), issuer),
    audience: settle("audience", find("audience"), issuer),
    accessTtl: settle("accessTtl", find("accessTtl"), issuer),
    idle: settle("idle", find("idle"), issuer),
    absolute: settle("absolute", find("absolute"), issuer),
    grace: settle("grace", find("grace"), issuer),
    bound: settle("bound", find("bound"), issuer),
    origins: settle("origins", find("origins"), issuer),
    signUp: settle("signUp", find("signUp"), issuer),
    trustedProxies: settle("trustedProxies", find("trustedProxies"), issuer),
    throttle: settle("throttle", find("throttle"), issuer),
    alg: settle("alg", find("alg"), issuer),
  });
}
