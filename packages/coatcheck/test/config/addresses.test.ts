import { describe, expect, test } from "vitest";
import { HTTPS, read, refusal } from "./support.ts";

describe("the issuer", () => {
  test.each([
    ["https://login.example.com", "https://login.example.com"],
    ["https://login.example.com/", "https://login.example.com"],
    ["https://Login.Example.com:443/", "https://login.example.com"],
    ["https://example.com/login/", "https://example.com/login"],
    ["https://localhost:8443", "https://localhost:8443"],
    ["http://localhost", "http://localhost"],
    ["http://app.localhost:3000/", "http://app.localhost:3000"],
    ["http://127.0.0.1:3000", "http://127.0.0.1:3000"],
    ["http://[::1]:3000", "http://[::1]:3000"],
  ])("%s is kept as %s", (raw, kept) => {
    expect(read({ flags: { issuer: raw } }).settings.issuer).toBe(kept);
  });

  test.each([
    ["http://login.example.com", "https (plain http is for localhost alone)"],
    ["http://192.168.1.2:3000", "https (plain http is for localhost alone)"],
    ["http://localhost.example.com", "https (plain http is for localhost alone)"],
    ["http://127.0.0.1.example.com", "https (plain http is for localhost alone)"],
    ["login.example.com", `the public address of this server, like "https://login.example.com"`],
    ["ftp://login.example.com", `the public address of this server, like "https://login.example.com"`],
    ["https:login.example.com", `the public address of this server, like "https://login.example.com"`],
    ["https://", `the public address of this server, like "https://login.example.com"`],
    [" https://login.example.com", `the public address of this server, like "https://login.example.com"`],
    ["https://login.example.com\\x", `the public address of this server, like "https://login.example.com"`],
    ["https://login.example.com?", "an address without a query, a fragment or a user name"],
    ["https://login.example.com/#", "an address without a query, a fragment or a user name"],
    ["https://me@login.example.com", "an address without a query, a fragment or a user name"],
    ["https://example.com/a//b", "an address whose path has plain letters, digits and single slashes alone"],
    ["https://example.com/a//", "an address whose path has plain letters, digits and single slashes alone"],
    ["https://example.com/%61", "an address whose path has plain letters, digits and single slashes alone"],
  ])("%s is refused", (raw, must) => {
    expect(refusal({ flags: { issuer: raw } })).toBe(`--issuer is ${JSON.stringify(raw)}, but must be ${must}`);
  });

  test("follows the port unless it is set, and the audience follows it", () => {
    const followed = read({ flags: { port: "4000" } });
    expect(followed.settings.issuer).toBe("http://localhost:4000");
    expect(followed.settings.audience).toBe("http://localhost:4000");
    expect(read({ flags: { port: "4000", issuer: HTTPS } }).settings.issuer).toBe(HTTPS);
  });

  test("follows the port that port 0 turned into", () => {
    const config = read({ env: { PORT: "0" } });
    expect(config.port).toBe(0);
    expect(config.onPort(45_678).port).toBe(45_678);
    expect(config.onPort(45_678).settings.issuer).toBe("http://localhost:45678");
    expect(config.onPort(45_678).settings.audience).toBe("http://localhost:45678");
    expect(read({ flags: { port: "0", issuer: HTTPS } }).onPort(45_678).settings.issuer).toBe(HTTPS);
  });

  test("decides the defaults: relaxed for localhost, strict elsewhere", () => {
    const local = read();
    expect([local.host, local.settings.signUp, local.settings.basePath]).toEqual(["127.0.0.1", "at-once", ""]);
    expect(read({ flags: { issuer: "http://[::1]:3000" } }).host).toBe("::1");
    const open = read({ flags: { issuer: "https://example.com/login" } });
    expect([open.host, open.settings.signUp, open.settings.basePath]).toEqual(["0.0.0.0", "closed", "/login"]);
  });

  test("anything but localhost keeps the throttle", () => {
    expect(refusal({ flags: { throttle: "off", issuer: HTTPS } })).toBe(
      `--throttle is "off", but must be "on": passwords are guessed without it; only a localhost issuer may go without`,
    );
    expect(refusal({ env: { COATCHECK_THROTTLE: "off", COATCHECK_ISSUER: "https://localhost" } })).toContain("COATCHECK_THROTTLE");
  });
});

describe("origins", () => {
  test("are kept exact", () => {
    const { settings } = read({ flags: { origins: "https://App.example.com/, https://b.example:8443,http://localhost:5173" } });
    expect([...settings.origins]).toEqual(["https://app.example.com", "https://b.example:8443", "http://localhost:5173"]);
  });

  test.each([
    "null",
    "*",
    "https://*.example.com/x",
    "app.example.com",
    "https://app.example.com/path",
    "https://app.example.com?",
    "https://u@app.example.com",
    "https://a.example,",
    ",",
  ])("%s is refused", (raw) => {
    expect(refusal({ flags: { origins: raw } })).toMatch(
      /^--origins is .*, but must be exact origins, each a scheme and a host alone, like "https:\/\/app.example.com"$/,
    );
  });

  test("on plain http only those of localhost", () => {
    expect(refusal({ flags: { origins: "http://app.example.com" } })).toMatch(
      /^--origins is "http:\/\/app.example.com", but must be https origins/,
    );
  });

  test("are a list", () => {
    expect(refusal({ file: { origins: { a: 1 } } })).toMatch(
      /^"origins" in coatcheck.config.json is {"a":1}, but must be origins separated by commas/,
    );
    expect(refusal({ file: { origins: [1] } })).toMatch(/is 1, but must be exact origins/);
  });
});
