import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { failBy } from "../../../src/cli/doctor/check.ts";
import type { Facts, FileFacts, KeyFacts, SecretFacts, StoreFacts } from "../../../src/cli/doctor/facts.ts";
import { CHECKS, doctorReport, examine } from "../../../src/cli/doctor/report.ts";
import { readConfig } from "../../../src/config/read.ts";
import type { DatabaseFacts } from "../../../src/stores/postgres/facts.ts";
import { duration, instant } from "../../../src/core/time.ts";
import type { Duration, Milliseconds } from "../../../src/core/time.ts";

const NOW = instant(1_800_000_000_000);
const PUBLIC = { issuer: "https://login.example.com" };
const KEY: KeyFacts = { kid: "k1", alg: "ES256", signsFrom: instant(NOW - duration("1d")), opens: true };

/** What differs from a set-up in which all is well. */
interface Given {
  readonly flags?: Readonly<Record<string, string>>;
  readonly facts?: Partial<Facts>;
  readonly secret?: Partial<SecretFacts>;
  readonly file?: Partial<FileFacts> | null;
  readonly database?: Partial<DatabaseFacts>;
  readonly store?: Partial<StoreFacts> | null;
}

function facts({ flags = {}, facts: rest = {}, secret = {}, file = {}, database, store = {} }: Given): Facts {
  return {
    node: "24.21.0",
    now: NOW,
    jump: 3 as Milliseconds,
    config: readConfig({ flags, env: {} }),
    secret: { problem: null, path: "/state/a.secret", mode: 0o600, withData: false, alsoIn: [], count: 1, ...secret },
    database:
      database === undefined
        ? null
        : { name: "postgres://db/app", problem: null, isThere: true, way: "verified", standbys: "standby", ...database },
    file:
      file === null
        ? null
        : {
            path: "/data/a.db",
            isThere: true,
            problem: null,
            unwritable: [],
            mode: 0o600,
            fileSystem: 0xef53,
            free: 2 ** 40,
            wal: 4_096,
            ...file,
          },
    store: store === null ? null : { latest: NOW, keys: [KEY], addresses: ["127.0.0.1"], ...store },
    server: { url: "http://127.0.0.1:3000", answer: "ready" },
    ...rest,
  };
}

function ago(time: Duration): KeyFacts["signsFrom"] {
  return instant(NOW - duration(time));
}

test("nothing is found where all is well, and every check looks", () => {
  const findings = examine(facts({}));
  expect(findings.filter(({ severity }) => severity !== "ok")).toEqual([]);
  expect(findings.every(({ mend }) => mend === null)).toBe(true);
  const onDatabase = examine(facts({ file: null, database: {} }));
  expect(onDatabase.filter(({ severity }) => severity !== "ok")).toEqual([]);
  const looked = new Set([...findings, ...onDatabase].map(({ check }) => check));
  expect(Object.keys(CHECKS).filter((check) => !looked.has(check))).toEqual([]);
});

test("nor behind a proxy that is counted and alone reaches the port", () => {
  const findings = examine(
    facts({ flags: { ...PUBLIC, host: "127.0.0.1", trustedProxies: "1" }, store: { addresses: ["192.0.2.7", "2001:db8::1"] } }),
  );
  expect(findings.filter(({ severity }) => severity !== "ok")).toEqual([]);
});

const BEHIND = { ...PUBLIC, host: "127.0.0.1", trustedProxies: "1" };

/** Each finding, what brings it about, and the nearest to that which does not. */
const FINDINGS: readonly (readonly [check: string, severity: "warn" | "fail", bad: Given, good: Given])[] = [
  ["node", "warn", { facts: { node: "25.1.0" } }, { facts: { node: "22.18.0" } }],
  ["plain_http", "fail", { flags: { host: "0.0.0.0" } }, { flags: { host: "127.0.0.2" } }],
  ["plain_http", "fail", { store: { addresses: ["127.0.0.1", "192.168.1.5"] } }, { store: { addresses: ["127.0.0.1", "::1"] } }],
  ["plain_http", "warn", { flags: { ...BEHIND, host: "0.0.0.0" } }, { flags: { ...BEHIND, host: "::1" } }],
  ["proxies", "warn", { flags: { trustedProxies: "1" } }, { flags: { trustedProxies: "0" } }],
  ["proxies", "warn", { flags: { ...BEHIND, trustedProxies: "0" }, store: { addresses: ["192.0.2.7"] } }, { flags: BEHIND }],
  [
    "proxies",
    "fail",
    { flags: { ...BEHIND, trustedProxies: "0" }, store: { addresses: ["10.0.0.1", "fd00::1"] } },
    { flags: BEHIND, store: { addresses: ["10.0.0.1"] } },
  ],
  ["proxies", "warn", { flags: { ...BEHIND, trustedProxies: "3" } }, { flags: { ...BEHIND, trustedProxies: "2" } }],
  ["sign_up", "warn", { flags: { ...BEHIND, signUp: "at-once" } }, { flags: { signUp: "at-once" } }],
  ["throttle", "fail", { flags: { throttle: "off" } }, { flags: { throttle: "on" } }],
  ["access_ttl", "warn", { flags: { accessTtl: "16m" } }, { flags: { accessTtl: "15m" } }],
  ["idle", "warn", { flags: { idle: "31d" } }, { flags: { idle: "30d" } }],
  ["absolute", "warn", { flags: { absolute: "91d" } }, { flags: { absolute: "90d" } }],
  ["grace", "warn", { flags: { grace: "31s" } }, { flags: { grace: "30s" } }],
  ["bound", "warn", { flags: { bound: "11s" } }, { flags: { bound: "10s" } }],
  [
    "secret",
    "fail",
    { secret: { problem: "the secret file x is too weak: a secret repeats itself; make another" } },
    { secret: { count: 2 } },
  ],
  ["secret_place", "fail", { secret: { withData: true } }, { secret: { path: null } }],
  ["secret_mode", "fail", { secret: { mode: 0o640 } }, { secret: { mode: 0o400 } }],
  ["secret_mode", "fail", { secret: { mode: 0o604 } }, { secret: { mode: null } }],
  ["secret_shared", "warn", { secret: { alsoIn: ["/state/b.secret"] } }, { secret: { alsoIn: [] } }],
  ["store", "warn", { file: null, flags: { store: "memory:" } }, {}],
  ["store", "warn", { file: { isThere: false }, store: null }, {}],
  ["store", "fail", { file: { problem: "the store can't be opened (EIO): check it" }, store: null }, {}],
  ["store", "fail", { file: null, database: { problem: "it has no such database: make it" } }, { file: null, database: {} }],
  ["store", "warn", { file: null, database: { isThere: false } }, { file: null, database: {} }],
  ["store_way", "fail", { file: null, database: { way: "plain" } }, { file: null, database: { way: "local" } }],
  ["store_way", "warn", { file: null, database: { way: "unverified" } }, { file: null, database: { way: "verified" } }],
  ["store_copy", "warn", { file: null, database: { standbys: "" } }, { file: null, database: { standbys: null } }],
  ["store_writable", "fail", { file: { unwritable: ["/data"] } }, { file: { unwritable: [] } }],
  ["store_mode", "warn", { file: { mode: 0o644 } }, { file: { mode: 0o600 } }],
  ["store_disk", "fail", { file: { fileSystem: 0x6969 } }, { file: { fileSystem: 0x58465342 } }],
  ["store_disk", "fail", { file: { fileSystem: 0xff534d42 } }, { file: { fileSystem: 0x9123683e } }],
  ["store_disk", "warn", { file: { fileSystem: 0x65735546 } }, { file: { fileSystem: null } }],
  ["store_disk", "warn", { file: { fileSystem: 0x01021994 } }, { file: { fileSystem: 0x794c7630 } }],
  ["disk_space", "fail", { file: { free: 100 * 2 ** 20 - 1 } }, { file: { free: 2 ** 30 } }],
  ["disk_space", "warn", { file: { free: 2 ** 30 - 1 } }, { file: { free: null } }],
  ["wal", "warn", { file: { wal: 257 * 2 ** 20 } }, { file: { wal: 256 * 2 ** 20 } }],
  ["clock", "warn", { facts: { jump: 501 as Milliseconds } }, { facts: { jump: 500 as Milliseconds } }],
  ["clock", "warn", { facts: { jump: -501 as Milliseconds } }, { facts: { jump: -500 as Milliseconds } }],
  ["clock_store", "fail", { store: { latest: instant(NOW + 30_001) } }, { store: { latest: instant(NOW + 30_000) } }],
  ["keys", "warn", { store: { keys: [] } }, { store: { keys: [KEY] } }],
  ["keys", "warn", { flags: { alg: "EdDSA" } }, { flags: { alg: "ES256" } }],
  ["keys_open", "fail", { store: { keys: [KEY, { ...KEY, kid: "k2", opens: false }] } }, { store: { keys: [{ ...KEY, opens: null }] } }],
  [
    "keys_age",
    "warn",
    { store: { keys: [{ ...KEY, signsFrom: ago("91d") }] } },
    { store: { keys: [{ ...KEY, signsFrom: ago("91d") }, KEY] } },
  ],
  ["server", "fail", { facts: { server: { url: "", answer: "not_ready" } } }, { facts: { server: { url: "", answer: "ready" } } }],
  ["server", "warn", { facts: { server: { url: "", answer: "another_program" } } }, { facts: { server: { url: "", answer: "none" } } }],
];

describe("each finding, both ways", () => {
  test.each(FINDINGS)("%s is %s: %j, and not %j", (check, severity, bad, good) => {
    const found = examine(facts(bad)).find((it) => it.check === check);
    expect(found).toMatchObject({ check, severity, mend: expect.stringMatching(/./) as string });
    expect(`${found?.says}${found?.mend}`).not.toContain("\n");
    expect(examine(facts(good)).find((it) => it.check === check)?.severity ?? "ok").toBe("ok");
  });

  test("there is no check without a finding, and the documents list them all", () => {
    expect(new Set(FINDINGS.map(([check]) => check))).toEqual(new Set(Object.keys(CHECKS)));
    const docs = readFileSync(new URL("../../../../../docs/cli.md", import.meta.url), "utf8");
    const table = /\| check \|[^]*/.exec(docs)?.[0] ?? "";
    const listed = table
      .split("\n")
      .flatMap((row) => [...(row.split("|")[1] ?? "").matchAll(/`(\w+)`/g)].map(([, name]) => name as string));
    expect(listed.toSorted()).toEqual([...Object.keys(CHECKS), "settings"].toSorted());
  });
});

describe("the report", () => {
  test("fails if one finding does, and names it; warnings alone fail nothing", () => {
    expect(doctorReport(examine(facts({ flags: { idle: "31d" } })))).toMatchObject({ failure: null, json: { ok: true } });
    const report = doctorReport(examine(facts({ secret: { withData: true, mode: 0o644 } })));
    expect(report).toMatchObject({ failure: "not as it should be: secret_place, secret_mode", json: { ok: false } });
    expect(report.text).toMatch(
      /^fail {2}secret_mode {5}others on this machine may read \/state\/a\.secret → chmod 600 \/state\/a\.secret$/m,
    );
  });

  test("takes errors of ours apart: what is wrong, and the mend", () => {
    expect(failBy("no secret: set COATCHECK_SECRET")).toEqual({ severity: "fail", says: "no secret", mend: "set COATCHECK_SECRET" });
    expect(failBy(`--idle is "1m", but must be more`)).toEqual({ severity: "fail", says: `--idle is "1m"`, mend: "must be more" });
    expect(failBy("no")).toMatchObject({ severity: "fail", says: "no" });
  });
});
