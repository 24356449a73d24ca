import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readOptions } from "../../src/config/options.ts";
import type { CoatcheckOptions } from "../../src/config/options.ts";
import { readConfig } from "../../src/config/read.ts";
import type { ConfigSources } from "../../src/config/read.ts";
import { SETTING_NAMES, SETTINGS, settle } from "../../src/config/table.ts";
import type { SettingName } from "../../src/config/table.ts";
import { ConfigError } from "../../src/core/errors.ts";
import { parseDuration } from "../../src/core/time.ts";
import { librarySecrets } from "../../src/server/secrets.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { SEED, tries } from "./runs.ts";
import { bent, wildText } from "./text.ts";

const ISSUERS = ["http://localhost:3000", "https://id.example.com", "https://id.example.com/login"];

/** Something sound for some setting or other: for all but its own it is a grammar-aware mistake. */
const SOUND = [
  ...ISSUERS,
  ...["3000", "0", "127.0.0.1", "::1", "sqlite:data/a.db", "memory:", "postgres://u:hunter2@h/d", "secrets/key", "at-once", "closed"],
  ...[
    "on",
    "off",
    "5m",
    "7d",
    "30s",
    "0s",
    "2000ms",
    "ES256",
    "EdDSA",
    "https://a.example,https://b.example:8443",
    "/login",
    "api.example.com",
  ],
];
const text = fc.oneof(bent(fc.constantFrom(...SOUND), "https://", "//", ":", "@", "\n", " ", "0", "9", "ms"), wildText);
/** What a file or the library's options can hold: JSON, and in JavaScript anything. */
const anything = fc.oneof(
  { weight: 4, arbitrary: text },
  { weight: 1, arbitrary: fc.jsonValue() },
  { weight: 1, arbitrary: fc.anything({ withBigInt: true, withNullPrototype: true }) },
);

/** What reading gave, or the one line that says why not. Whatever else is thrown is a mistake of ours. */
function outcome<T>(read: () => T): { readonly value: T } | { readonly line: string } {
  try {
    return { value: read() };
  } catch (error) {
    if (error instanceof ConfigError) return { line: error.message };
    throw error;
  }
}

function expectOneLine(line: string): void {
  expect(line).not.toMatch(/[\r\n\0]/);
  expect(line.length).toBeLessThan(400);
  expect(line.trim()).not.toBe("");
}

/** A value as text that means it again; null for what has no text of its own. */
function spelt(value: unknown): string | null {
  if (value instanceof Set) return value.size === 0 ? null : [...value].join(",");
  if (typeof value === "boolean") return value ? "on" : "off";
  return value === null ? null : `${value as string | number}`;
}

const DURATIONS: readonly SettingName[] = SETTING_NAMES.filter((name) => SETTINGS[name].value === "duration");

describe(`every setting (FUZZ_SEED=${SEED})`, () => {
  it.each(SETTING_NAMES)("%s: a value that its own spelling gives again, or one line", (name) => {
    fc.assert(
      fc.property(SETTINGS[name].key === "none" ? text : anything, fc.constantFrom(...ISSUERS), (raw, issuer) => {
        const read = outcome(() => settle(name, { raw, at: "--it" }, issuer));
        if ("line" in read) {
          expectOneLine(read.line);
          expect(read.line).toMatch(/^--it /);
          return;
        }
        const spelling = spelt(read.value);
        if (spelling === null || name === "secret") return;
        const again = DURATIONS.includes(name) ? `${spelling}ms` : spelling;
        expect(settle(name, { raw: again, at: "--it" }, issuer)).toEqual(read.value);
      }),
      tries(),
    );
  });

  it("durations: a whole number and a unit, no more than a number can count", () => {
    const UNITS = { ms: 1n, s: 1_000n, m: 60_000n, h: 3_600_000n, d: 86_400_000n };
    fc.assert(
      fc.property(fc.oneof(bent(fc.constantFrom("15m", "7d", "0s", "9999999999d", "1h")), wildText), (it) => {
        const unit = /(?<=\d)(?:ms|[smhd])$/.exec(it)?.[0] as keyof typeof UNITS | undefined;
        const count = unit === undefined ? "" : it.slice(0, -unit.length);
        const isPlain = /^\d{1,10}$/.test(count) && String(Number(count)) === count;
        const model = isPlain && unit !== undefined ? BigInt(count) * UNITS[unit] : null;
        const read = parseDuration(it);
        expect(read === null ? null : BigInt(read)).toBe(model !== null && model <= BigInt(Number.MAX_SAFE_INTEGER) ? model : null);
      }),
      tries(3),
    );
  });

  it("an issuer is https or this machine, and an address that any URL parser reads alike", () => {
    const typed = bent(
      fc.constantFrom(...ISSUERS, "http://127.0.0.1:8080", "http://[::1]", "http://evil.test"),
      "localhost",
      "@",
      "\\",
      ".",
      "%2e",
      ":80",
    );
    fc.assert(
      fc.property(typed, (raw) => {
        const read = outcome(() => settle("issuer", { raw, at: "--issuer" }, ""));
        if ("line" in read) return;
        const url = new URL(read.value);
        expect(
          url.protocol === "https:" || ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname) || url.hostname.endsWith(".localhost"),
        ).toBe(true);
        expect(url.href.replace(/\/$/, "")).toBe(read.value);
        expect([url.username, url.password, url.search, url.hash].join("")).toBe("");
      }),
      tries(3),
    );
  });
});

describe(`whole set-ups (FUZZ_SEED=${SEED})`, () => {
  const some = (names: readonly string[], value: fc.Arbitrary<unknown>): fc.Arbitrary<Record<string, unknown>> =>
    fc.dictionary(fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...names) }, { weight: 1, arbitrary: wildText }), value, {
      maxKeys: 3,
      noNullPrototype: true,
    });
  const flags = some(SETTING_NAMES, text);
  const env = some(
    SETTING_NAMES.flatMap((name) => SETTINGS[name].env ?? []),
    text,
  );
  const file = fc.oneof(
    { weight: 3, arbitrary: some([...SETTING_NAMES, "access-ttl", "trusted-proxies"], anything) },
    { weight: 1, arbitrary: fc.jsonValue() },
  );

  it("of the server: settings, or one line without any secret in it", () => {
    fc.assert(
      fc.property(flags, env, file, (ofFlags, ofEnvironment, ofFile) => {
        const sources = { flags: ofFlags, env: { COATCHECK_SECRET: "tell-nobody", ...ofEnvironment }, file: ofFile } as ConfigSources;
        const read = outcome(() => readConfig(sources));
        if ("line" in read) {
          expectOneLine(read.line);
          expect(read.line).not.toMatch(/tell-nobody|\/\/[^/@:]*:[^/@]*hunter2[^/@]*@/);
        } else {
          expect(Object.isFrozen(read.value.settings)).toBe(true);
        }
      }),
      tries(3),
    );
  });

  it("of the library: settings, or one line", () => {
    const store = memory();
    const keys = [...SETTING_NAMES, "users", "claims", "routes", "clock", "log", "random"];
    fc.assert(
      fc.property(some(keys, anything), fc.boolean(), (options, whole) => {
        const given = { ...(whole ? { issuer: "https://id.example.com", store } : {}), ...options } as unknown as CoatcheckOptions;
        const read = outcome(() => readOptions(given));
        if ("line" in read) expectOneLine(read.line);
      }),
      tries(3),
    );
  });

  it("of secrets: as long as they must be, or one line that holds none of them", () => {
    const secret = fc.oneof(
      bent(
        fc.uint8Array({ minLength: 30, maxLength: 34 }).map((it) => Buffer.from(it).toString("base64url")),
        ",",
        "=",
        "AAAA",
      ),
      wildText,
    );
    fc.assert(
      fc.property(fc.oneof(secret, fc.array(secret, { maxLength: 3 })), (given) => {
        const read = outcome(() => librarySecrets({ secret: given, store: memory() }, { issuer: "https://id.example.com" })());
        if ("line" in read) {
          expectOneLine(read.line);
          for (const it of [given].flat().filter((part) => part.length > 20)) expect(read.line).not.toContain(it);
        } else {
          expect(read.value.every((it) => it.byteLength >= 32)).toBe(true);
        }
      }),
      tries(2),
    );
  });
});
