import type { Random } from "../core/ports.ts";
import type { Settings } from "../core/settings.ts";
import { encode } from "../crypto/base64url.ts";

/** What the start lines tell. */
export interface Started {
  readonly version: string;
  readonly settings: Settings;
  /** Where it listens. */
  readonly url: string;
  /** Where the data are. */
  readonly data: string;
  /** Where the metrics have a port of their own; null if they have none. */
  readonly metricsUrl: string | null;
  /** Where the secrets are; never the secrets. */
  readonly secret: { readonly where: string; readonly made: boolean };
}

/** A few lines for whoever started the server: what it is, what to open, what to try, and where its state is. */
export function startLines(
  { version, settings, url, data, secret, metricsUrl }: Started,
  random: Random,
  platform: NodeJS.Platform,
): string[] {
  const isBehindProxy = settings.issuer.startsWith("https:");
  return [
    `Coatcheck ${version}: one login, two carriers, ended everywhere.`,
    `  open    ${settings.issuer}${isBehindProxy ? ` (a proxy that speaks https must pass it on to ${url})` : ""}`,
    `  data    ${data}`,
    `  secret  ${secret.where}${secret.made && data !== IN_MEMORY ? " (made just now; keep a copy, apart from the data)" : ""}`,
    ...(metricsUrl === null ? [] : [`  metrics ${metricsUrl}`]),
    ...(settings.signUp === "at-once" ? tryLines(settings, random, platform) : ["  sign-up is closed; --sign-up at-once opens it"]),
  ];
}

export const IN_MEMORY = "in memory, gone at the end";

/** One line for each carrier, on one account. A new one each time: a fixed one would be a password that everybody knows. */
function tryLines({ issuer }: Settings, random: Random, platform: NodeJS.Platform): string[] {
  const person = {
    email: `you-${encode(random.bytes(6))
      .toLowerCase()
      .replaceAll(/[^a-z0-9]/g, "0")}@example.com`,
    password: encode(random.bytes(12)),
  };
  const call = (path: string, options: string, body: object): string =>
    curl(
      `${options}-H ${quote("Content-Type: application/json", platform)} -d ${quote(JSON.stringify(body), platform)} ${issuer}/auth/${path}`,
      platform,
    );
  return [
    "Try it in another terminal: an account with a cookie, then the same account with a token.",
    `  ${call("sign-up", "-c jar ", person)} && ${curl(`-b jar ${issuer}/auth/me`, platform)}`,
    `  ${call("sign-in", "", { ...person, carrier: "token" })}`,
  ];
}

/** In PowerShell `curl` alone is another program. */
function curl(rest: string, platform: NodeJS.Platform): string {
  return `${platform === "win32" ? "curl.exe" : "curl"} ${rest}`;
}

/** For a POSIX shell, or for the Windows one, whose single quotes quote nothing. The texts hold no quotes but JSON's. */
function quote(text: string, platform: NodeJS.Platform): string {
  return platform === "win32" ? `"${text.replaceAll('"', '\\"')}"` : `'${text}'`;
}
