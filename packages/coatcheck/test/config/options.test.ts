import { describe, expect, test } from "vitest";
import { ConfigError } from "../../src/core/errors.ts";
import { readOptions } from "../../src/config/options.ts";
import type { CoatcheckOptions } from "../../src/config/options.ts";
import { readConfig } from "../../src/config/read.ts";
import { memory } from "../../src/stores/memory/index.ts";

const store = memory();

/** As a caller without types may write them. */
function parse(options: Readonly<Record<string, unknown>>): ReturnType<typeof readOptions> {
  return readOptions({ store, ...options } as unknown as CoatcheckOptions);
}

test("the defaults are those of the server", () => {
  for (const issuer of ["http://localhost:3000", "https://example.com/login"]) {
    expect(readOptions({ issuer, store })).toEqual(readConfig({ flags: { issuer }, env: {} }).settings);
  }
});

test("every setting can be given", () => {
  const settings = readOptions({
    issuer: "http://localhost:3000/",
    store,
    basePath: "/account",
    audience: "api",
    accessTtl: "1m",
    idle: "1h",
    absolute: "1d",
    grace: "0s",
    bound: "1s",
    origins: ["https://app.example.com"],
    signUp: "closed",
    trustedProxies: 1,
    throttle: "off",
    alg: "EdDSA",
    routes: ["sessions", "tokens"],
  });
  expect(settings).toEqual({
    issuer: "http://localhost:3000",
    basePath: "/account",
    audience: "api",
    accessTtl: 60_000,
    idle: 3_600_000,
    absolute: 86_400_000,
    grace: 0,
    bound: 1_000,
    origins: new Set(["https://app.example.com"]),
    signUp: "closed",
    trustedProxies: 1,
    throttle: false,
    alg: "EdDSA",
  });
});

test("an option that is undefined is absent", () => {
  expect(parse({ issuer: "https://example.com", audience: undefined }).audience).toBe("https://example.com");
});

test("the root may be written as a slash", () => {
  expect(parse({ issuer: "https://example.com/login", basePath: "/" }).basePath).toBe("");
});

describe("refused with one line", () => {
  test.each<[Readonly<Record<string, unknown>>, string]>([
    [{}, `the option "issuer" is missing: coatcheck() can't do without it`],
    [{ issuer: "https://a.example", store: undefined }, `the option "store" is missing: coatcheck() can't do without it`],
    [{ issuer: "https://a.example", isser: "x" }, `unknown option "isser": did you mean "issuer"?`],
    [{ issuer: "https://a.example", acessTtl: "1m" }, `unknown option "acessTtl": did you mean "accessTtl"?`],
    [{ issuer: "https://a.example", secrets: "x" }, `unknown option "secrets": did you mean "secret"?`],
    [{ issuer: "https://a.example", port: 3_000 }, `unknown option "port": did you mean "store"?`],
    [{ issuer: "http://a.example" }, `the option "issuer" is "http://a.example", but must be https (plain http is for localhost alone)`],
    [
      { issuer: "https://a.example", idle: 60_000 },
      `the option "idle" is 60000, but must be a duration, written like "30s", "15m" or "7d"`,
    ],
    [{ issuer: "https://a.example", idle: "1m" }, `the option "idle" is "1m", but must be from "2m" to "400d"`],
    [
      { issuer: "https://a.example", throttle: "off" },
      `the option "throttle" is "off", but must be "on": passwords are guessed without it; only a localhost issuer may go without`,
    ],
    [
      { issuer: "https://a.example", basePath: "login" },
      `the option "basePath" is "login", but must be a path like "/login", without a slash at its end`,
    ],
    [
      { issuer: "https://a.example", basePath: "/login/" },
      `the option "basePath" is "/login/", but must be a path like "/login", without a slash at its end`,
    ],
    [
      { issuer: "https://a.example", basePath: "/a/../b" },
      `the option "basePath" is "/a/../b", but must be a path like "/login", without a slash at its end`,
    ],
    [{ issuer: "https://a.example", audience: null }, `the option "audience" is null, but must be one name or address without spaces`],
    [{ issuer: "https://a.example", routes: ["session"] }, `unknown group in routes "session": did you mean "sessions"?`],
    [{ issuer: "https://a.example", routes: "sessions" }, `the option "routes" must be a list of sessions, tokens`],
  ])("%j", (options, message) => {
    expect(() => parse(options)).toThrow(new ConfigError(message));
  });

  test("no options at all", () => {
    expect(() => readOptions(undefined as unknown as CoatcheckOptions)).toThrow(
      new ConfigError("coatcheck() needs its options: { issuer, store, … }"),
    );
  });
});
