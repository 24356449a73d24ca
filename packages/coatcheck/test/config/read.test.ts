import { describe, expect, test } from "vitest";
import type { ConfigSources, ServerConfig } from "../../src/config/read.ts";
import { SETTING_NAMES, SETTINGS } from "../../src/config/table.ts";
import type { SettingName } from "../../src/config/table.ts";
import { HTTPS, read, refusal } from "./support.ts";

/** Three values for each setting, all different from its default, and where the config shows it. */
const ROWS: {
  readonly [Name in SettingName]?: {
    readonly raw: readonly [string, string, string];
    readonly see: (config: ServerConfig) => unknown;
    readonly seen?: readonly unknown[];
  };
} = {
  port: { raw: ["4001", "4002", "4003"], see: (config) => config.port, seen: [4_001, 4_002, 4_003] },
  host: { raw: ["127.0.0.2", "127.0.0.3", "127.0.0.4"], see: (config) => config.host },
  issuer: { raw: ["https://a.example", "https://b.example", "https://c.example"], see: (config) => config.settings.issuer },
  store: { raw: ["sqlite:a.db", "sqlite:b.db", "memory:"], see: (config) => config.store },
  secretFile: {
    raw: ["a.secret", "b.secret", "c.secret"],
    see: (config) => (config.secret.kind === "file" ? config.secret.path : config.secret.kind),
  },
  signUp: { raw: ["closed", "closed", "closed"], see: (config) => config.settings.signUp },
  audience: { raw: ["api-a", "api-b", "api-c"], see: (config) => config.settings.audience },
  accessTtl: { raw: ["1m", "2m", "3m"], see: (config) => config.settings.accessTtl, seen: [60_000, 120_000, 180_000] },
  idle: { raw: ["1h", "2h", "3h"], see: (config) => config.settings.idle, seen: [3_600_000, 7_200_000, 10_800_000] },
  absolute: { raw: ["1d", "2d", "3d"], see: (config) => config.settings.absolute, seen: [86_400_000, 172_800_000, 259_200_000] },
  grace: { raw: ["1s", "2s", "0s"], see: (config) => config.settings.grace, seen: [1_000, 2_000, 0] },
  bound: { raw: ["1s", "2s", "3s"], see: (config) => config.settings.bound, seen: [1_000, 2_000, 3_000] },
  origins: { raw: ["https://a.example", "https://b.example", "https://c.example"], see: (config) => [...config.settings.origins].join() },
  trustedProxies: { raw: ["1", "2", "3"], see: (config) => config.settings.trustedProxies, seen: [1, 2, 3] },
  throttle: { raw: ["off", "off", "off"], see: (config) => config.settings.throttle, seen: [false, false, false] },
  alg: { raw: ["EdDSA", "PS256", "RS256"], see: (config) => config.settings.alg },
  metricsToken: { raw: ["a", "b", "c"], see: (config) => config.metrics.token },
  metricsPort: { raw: ["9464", "0", "9466"], see: (config) => config.metrics.port, seen: [9_464, 0, 9_466] },
};

const OTHERWISE: Partial<Record<SettingName, unknown>> = {
  port: 3_000,
  host: "127.0.0.1",
  issuer: "http://localhost:3000",
  store: "sqlite:data/coatcheck.db",
  secretFile: "default",
  signUp: "at-once",
  audience: "http://localhost:3000",
  accessTtl: 300_000,
  idle: 604_800_000,
  absolute: 2_592_000_000,
  grace: 10_000,
  bound: 5_000,
  origins: "",
  trustedProxies: 0,
  throttle: true,
  alg: "ES256",
  metricsToken: null,
  metricsPort: null,
};

test("every setting with a flag is in these tests", () => {
  expect(Object.keys(ROWS)).toEqual(SETTING_NAMES.filter((name) => SETTINGS[name].flag !== null));
});

describe.each(SETTING_NAMES.filter((name) => name in ROWS))("%s", (name) => {
  const row = ROWS[name] as NonNullable<(typeof ROWS)[SettingName]>;
  const [inFlag, inEnv, inFile] = row.raw;
  const [seenFlag, seenEnv, seenFile] = row.seen ?? row.raw;
  const variable = SETTINGS[name].env as string;

  test("a flag wins over the environment, that over the file, that over the default", () => {
    const file = { [name]: inFile };
    expect(row.see(read({ flags: { [name]: inFlag }, env: { [variable]: inEnv }, file }))).toBe(seenFlag);
    expect(row.see(read({ env: { [variable]: inEnv }, file }))).toBe(seenEnv);
    expect(row.see(read({ file }))).toBe(seenFile);
    expect(row.see(read())).toBe(OTHERWISE[name]);
  });

  test("the file takes it spelt like the flag too, but not twice", () => {
    const spelt = (SETTINGS[name].flag as string).slice(2);
    expect(row.see(read({ file: { [spelt]: inFile } }))).toBe(seenFile);
    if (spelt !== name)
      expect(refusal({ file: { [spelt]: inFile, [name]: inFile } })).toBe(
        `coatcheck.config.json has "${name}" twice: keep one of its two spellings`,
      );
  });

  test("an empty variable is refused", () => {
    expect(refusal({ env: { [variable]: "" } })).toBe(`${variable} is empty: give it a value or unset it`);
  });
});

test.each<[string, Partial<ConfigSources>, string]>([
  ["flag", { flags: { prot: "1" } }, "unknown flag --prot: did you mean --port?"],
  ["flag", { flags: { acessTtl: "1m" } }, "unknown flag --acess-ttl: did you mean --access-ttl?"],
  ["flag, though the environment has it", { flags: { secret: "x" } }, "unknown flag --secret: did you mean --secret-file?"],
  ["flag, though the library has it", { flags: { basePath: "/x" } }, "unknown flag --base-path: did you mean --host?"],
  [
    "flag with a value, which is not repeated",
    { flags: { "secret=hunter2\n": "1" } },
    "unknown flag --secret: did you mean --secret-file?",
  ],
  ["variable", { env: { COATCHECK_ISUER: HTTPS } }, "unknown environment variable COATCHECK_ISUER: did you mean COATCHECK_ISSUER?"],
  ["variable", { env: { COATCHECK_PORT: "3001" } }, "unknown environment variable COATCHECK_PORT: did you mean PORT?"],
  ["variable of a later release", { env: { COATCHECK_SMTP: "x" } }, "unknown environment variable COATCHECK_SMTP: did you mean PORT?"],
  ["key", { file: { isser: HTTPS } }, `unknown key in coatcheck.config.json "isser": did you mean "issuer"?`],
  [
    "key: a secret has no place in it",
    { file: { secret: "x" } },
    `unknown key in coatcheck.config.json "secret": did you mean "secretFile"?`,
  ],
  ["key", { file: JSON.parse(`{"__proto__": {"port": 1}}`) }, `unknown key in coatcheck.config.json "__proto__": did you mean "throttle"?`],
])("unknown %s: the nearest right one is named", (_, sources, message) => {
  expect(refusal(sources)).toBe(message);
});

test("variables that are not ours are left alone", () => {
  expect(read({ env: { HOST: "x", ISSUER: "y", PATH: "/bin", MY_COATCHECK_X: "z" } }).host).toBe("127.0.0.1");
});

test.each([[null], [[]], ["port"], [3]])("a file that holds %j is refused", (file) => {
  expect(refusal({ file })).toBe(`coatcheck.config.json must hold one JSON object, like { "port": 3000 }`);
});

test("the file may hold numbers, lists and truth values as JSON has them", () => {
  const { port, settings } = read({
    file: { port: 3_001, trustedProxies: 2, origins: ["https://a.example", "https://b.example"], throttle: false },
  });
  expect(port).toBe(3_001);
  expect(settings.trustedProxies).toBe(2);
  expect([...settings.origins]).toEqual(["https://a.example", "https://b.example"]);
  expect(settings.throttle).toBe(false);
});

describe("what is wrong is named with where it was written and what would be right", () => {
  test.each<[Partial<ConfigSources>, string]>([
    [{ flags: { port: "65536" } }, `--port is "65536", but must be a whole number from 0 to 65535`],
    [{ env: { PORT: "80a" } }, `PORT is "80a", but must be a whole number from 0 to 65535`],
    [{ flags: { port: "-1" } }, `--port is "-1", but must be a whole number from 0 to 65535`],
    [{ flags: { port: "0x50" } }, `--port is "0x50", but must be a whole number from 0 to 65535`],
    [{ file: { port: 1.5 } }, `"port" in coatcheck.config.json is 1.5, but must be a whole number from 0 to 65535`],
    [{ file: { port: null } }, `"port" in coatcheck.config.json is null, but must be a whole number from 0 to 65535`],
    [{ flags: { trustedProxies: "17" } }, `--trusted-proxies is "17", but must be a whole number from 0 to 16`],
    [{ flags: { idle: "1m" } }, `--idle is "1m", but must be from "2m" to "400d"`],
    [{ flags: { idle: "119999ms" } }, `--idle is "119999ms", but must be from "2m" to "400d"`],
    [{ flags: { idle: "401d" } }, `--idle is "401d", but must be from "2m" to "400d"`],
    [{ env: { COATCHECK_BOUND: "999ms" } }, `COATCHECK_BOUND is "999ms", but must be from "1s" to "1m"`],
    [{ flags: { accessTtl: "0s" } }, `--access-ttl is "0s", but must be from "1s" to "1h"`],
    [{ flags: { accessTtl: "2h" } }, `--access-ttl is "2h", but must be from "1s" to "1h"`],
    [{ flags: { absolute: "0d" } }, `--absolute is "0d", but must be from "1s" to "400d"`],
    [{ flags: { grace: "61s" } }, `--grace is "61s", but must be from "0s" to "1m"`],
    [{ flags: { idle: "600" } }, `--idle is "600", but must be a duration, written like "30s", "15m" or "7d"`],
    [{ file: { idle: 600 } }, `"idle" in coatcheck.config.json is 600, but must be a duration, written like "30s", "15m" or "7d"`],
    [{ flags: { idle: "1.5h" } }, `--idle is "1.5h", but must be a duration, written like "30s", "15m" or "7d"`],
    [{ flags: { signUp: "open" } }, `--sign-up is "open", but must be "at-once" or "closed"`],
    [{ flags: { alg: "HS256" } }, `--alg is "HS256", but must be "ES256" or "EdDSA" or "PS256" or "RS256"`],
    [{ flags: { alg: "none" } }, `--alg is "none", but must be "ES256" or "EdDSA" or "PS256" or "RS256"`],
    [{ flags: { throttle: "no" } }, `--throttle is "no", but must be "on" or "off"`],
    [
      { flags: { host: "http://x" } },
      `--host is "http://x", but must be an address of this machine to listen on, like "127.0.0.1", "0.0.0.0" or "::"`,
    ],
    [{ flags: { audience: "two names" } }, `--audience is "two names", but must be one name or address without spaces`],
    [{ flags: { audience: "x".repeat(256) } }, `--audience is "${"x".repeat(79)}…, but must be one name or address without spaces`],
    [
      { flags: { store: "data/app.db" } },
      `--store is "data/app.db", but must be "sqlite:<file>", "postgres://<user>:<password>@<host>/<database>" or "memory:"`,
    ],
    [
      { flags: { store: "sqlite:" } },
      `--store is "sqlite:", but must be "sqlite:<file>", "postgres://<user>:<password>@<host>/<database>" or "memory:"`,
    ],
    [
      { flags: { store: "sqlite::memory:" } },
      `--store is "sqlite::memory:", but must be "sqlite:<file>", "postgres://<user>:<password>@<host>/<database>" or "memory:"`,
    ],
    [
      { flags: { store: "sqlite://data/app.db" } },
      `--store is "sqlite://data/app.db", but must be "sqlite:<file>", "postgres://<user>:<password>@<host>/<database>" or "memory:"`,
    ],
    [
      { flags: { store: "postgres:u:pass@h/d" } },
      "--store names PostgreSQL, but must be written like postgres://user:password@host:5432/database",
    ],
    [{ flags: { secretFile: "a\0b" } }, `--secret-file is "a\\u0000b", but must be the name of a file`],
    [
      { flags: { host: "a\nb" } },
      `--host is "a\\nb", but must be an address of this machine to listen on, like "127.0.0.1", "0.0.0.0" or "::"`,
    ],
  ])("%j", (sources, message) => {
    expect(refusal(sources)).toBe(message);
  });
});

describe("the secret", () => {
  test("its values come from the environment", () => {
    expect(read({ env: { COATCHECK_SECRET: "one,two" } }).secret).toEqual({
      kind: "values",
      values: ["one", "two"],
      at: "COATCHECK_SECRET",
    });
  });

  test("a flag wins over it, and it wins over the file's key", () => {
    expect(read({ flags: { secretFile: "f" }, env: { COATCHECK_SECRET: "one" } }).secret).toMatchObject({ kind: "file", path: "f" });
    expect(read({ env: { COATCHECK_SECRET: "one" }, file: { secretFile: "f" } }).secret).toMatchObject({ kind: "values" });
  });

  test("of the two variables neither wins", () => {
    expect(refusal({ env: { COATCHECK_SECRET: "one", COATCHECK_SECRET_FILE: "f" } })).toBe(
      "COATCHECK_SECRET and COATCHECK_SECRET_FILE are both set: unset one of them",
    );
  });
});

describe("warnings", () => {
  test("none by default", () => {
    expect(read().warnings).toEqual([]);
    expect(read({ flags: { issuer: HTTPS } }).warnings).toEqual([]);
    expect(read({ flags: { host: "::1" } }).warnings).toEqual([]);
  });

  test("a localhost issuer that others can reach", () => {
    expect(read({ flags: { host: "0.0.0.0" } }).warnings).toEqual([
      "the issuer is http://localhost:3000, but others can reach the address 0.0.0.0: for them set --issuer to an https address",
    ]);
  });

  test("no throttle", () => {
    expect(read({ flags: { throttle: "off" } }).warnings).toEqual(["the throttle is off: passwords can be guessed without limit"]);
  });
});

test("the settings can't be changed afterwards", () => {
  expect(Object.isFrozen(read().settings)).toBe(true);
});
