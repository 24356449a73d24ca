import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseYaml } from "@redocly/openapi-core";
import { describe, expect, it } from "vitest";
import { readConfig } from "../../src/config/read.ts";
import type { ServerConfig } from "../../src/config/read.ts";
import { SETTING_NAMES, SETTINGS } from "../../src/config/table.ts";
import { parseAddress } from "../../src/stores/postgres/address.ts";
import { REPOSITORY } from "./project.ts";

const read = (name: string): string => readFileSync(join(REPOSITORY, "deploy", name), "utf8");
/** Without what is said in comments. */
const plain = (text: string): string => text.replaceAll(/^\s*#.*$/gm, "");

interface Service {
  readonly image?: string;
  readonly user?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets?: readonly (string | { readonly source: string })[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly deploy?: { readonly replicas: number };
  readonly networks: readonly string[];
  readonly ports?: readonly string[];
  readonly read_only: boolean;
  readonly cap_drop: readonly string[];
  readonly security_opt: readonly string[];
  readonly profiles?: readonly string[];
}

interface Compose {
  readonly services: Readonly<Record<"coatcheck" | "nginx" | "database" | "standby", Service>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>;
}

/** What the server makes of a command line and an environment. @throws if a flag is not there, or its value is refused. */
function started(commandLine: string, env: Readonly<Record<string, string>>): ServerConfig {
  const words = commandLine.split("coatcheck serve ")[1]?.trim().split(/\s+/) ?? [];
  expect(words.length).toBeGreaterThan(0);
  const flags = words.flatMap((word, at) => {
    if (!word.startsWith("--")) return [];
    const name = SETTING_NAMES.find((setting) => SETTINGS[setting].flag === word);
    if (name === undefined) throw new Error(`there is no flag ${word}`);
    return [[name, words[at + 1]] as const];
  });
  expect(flags).toHaveLength(words.length / 2);
  return readConfig({ flags: Object.fromEntries(flags), env });
}

const compose = parseYaml(read("compose.yaml")) as Compose;
const { coatcheck, nginx, database, standby } = compose.services;

describe("deploy/compose.yaml", () => {
  it("starts nodes by flags and variables that there are, with values that they take", () => {
    const config = started((coatcheck.command ?? []).join(" "), coatcheck.environment ?? {});
    expect(config).toMatchObject({ port: 3_000, host: "0.0.0.0", warnings: [] });
    expect(config.settings).toMatchObject({ issuer: "https://login.example.com", trustedProxies: 1 });
    expect(parseAddress(config.store)).toMatchObject({ host: "database", database: "coatcheck", user: "coatcheck", password: undefined });
    expect(coatcheck.deploy?.replicas).toBe(10);
    expect(coatcheck.healthcheck?.test.join(" ")).toContain("http://127.0.0.1:3000/readyz");
  });

  it("gives no container a right that it does not need", () => {
    for (const [name, service] of Object.entries(compose.services)) {
      expect(service, name).toMatchObject({ read_only: true, cap_drop: ["ALL"], security_opt: ["no-new-privileges:true"] });
      expect(service.user === undefined ? service.image : service.user, name).toMatch(/unprivileged|^[1-9]\d*:[1-9]\d*$/);
    }
  });

  it("has its secrets in files, and lets nobody in but through nginx", () => {
    const used = Object.values(compose.services).flatMap(({ secrets = [] }) =>
      secrets.map((it) => (typeof it === "string" ? it : it.source)),
    );
    expect(new Set(used)).toEqual(new Set(Object.keys(compose.secrets)));
    expect(JSON.stringify(compose)).not.toMatch(/(PASSWORD|SECRET)"?[=:]\s*"?(?![$/"])\w/);
    expect(Object.entries(compose.services).flatMap(([name, { ports }]) => (ports === undefined ? [] : [name]))).toEqual(["nginx"]);
    for (const { networks } of [coatcheck, database, standby]) expect(networks).toEqual(["inside"]);
    expect(compose.networks["inside"]?.internal).toBe(true);
    expect(nginx.networks).toContain("outside");
  });

  it("has the standby only for whoever asks for it", () => {
    expect(standby.profiles).toEqual(["standby"]);
    expect(database.command).toContain("synchronous_standby_names=${STANDBY:-}");
    expect(standby.command?.at(-1)).toContain("application_name=standby");
  });
});

describe("deploy/coatcheck@.service", () => {
  const unit = plain(read("coatcheck@.service"));
  const all = (key: string): string[] => [...unit.matchAll(new RegExp(`^${key}=(.*)$`, "gm"))].map(([, value]) => value as string);

  it("starts each node by flags that there are, at the port that nginx looks for it", () => {
    const nodes = [...plain(read("nodes-systemd.conf")).matchAll(/server 127\.0\.0\.1:(\d+)/g)].map(([, port]) => Number(port));
    expect(nodes).toHaveLength(10);
    const instances = nodes.map((_, at) => String(at + 1).padStart(2, "0"));
    const [start = ""] = all("ExecStart");
    const env = { COATCHECK_STORE: "postgres://coatcheck@127.0.0.1/coatcheck" };
    const configs = instances.map((instance) => started(start.replaceAll("%i", instance).replaceAll("%d", "/run/credentials/x"), env));
    expect(configs.map(({ port }) => port)).toEqual(nodes);
    for (const config of configs) expect(config).toMatchObject({ host: "127.0.0.1", warnings: [], settings: { trustedProxies: 1 } });
  });

  it("hands the secret to the node alone, which has no right and writes no file", () => {
    expect(all("LoadCredential")).toEqual(["secret:/etc/coatcheck/secret"]);
    expect(all("DynamicUser")).toEqual(["yes"]);
    expect(all("ProtectSystem")).toEqual(["strict"]);
    expect(all("NoNewPrivileges")).toEqual(["yes"]);
    expect(all("CapabilityBoundingSet")).toEqual([""]);
    expect(unit).not.toMatch(/^(Environment|ReadWritePaths|StateDirectory)=/m);
  });
});

describe("deploy/nginx.conf", () => {
  const conf = plain(read("nginx.conf"));
  const changes = /location = \/oauth\/changes \{([^}]*)\}/.exec(conf)?.[1] ?? "";

  it("sets whom it saw, and never adds to what a client wrote", () => {
    expect(conf).toMatch(/proxy_set_header X-Forwarded-For \$remote_addr;/);
    expect(conf).not.toContain("$proxy_add_x_forwarded_for");
    // A location with a header of its own would lose those of the server.
    for (const [, inside] of conf.matchAll(/location[^{]*\{([^}]*)\}/g)) expect(inside).not.toContain("proxy_set_header");
  });

  it("holds no news of the feed back, and waits longer than any poll or silence of it", () => {
    expect(changes).toMatch(/proxy_buffering off;/);
    expect(Number(/proxy_read_timeout (\d+)s;/.exec(changes)?.[1])).toBeGreaterThan(30 + 15);
  });

  it("keeps connections to the nodes", () => {
    expect(conf).toMatch(/keepalive \d+;/);
    expect(conf).toMatch(/proxy_http_version 1\.1;\s+proxy_set_header Connection "";/);
  });
});
