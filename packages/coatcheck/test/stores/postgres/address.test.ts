import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { ConfigError } from "../../../src/core/errors.ts";
import { isLoopback, parseAddress } from "../../../src/stores/postgres/address.ts";
import { postgres } from "../../../src/stores/postgres/index.ts";

const folder = mkdtempSync(join(tmpdir(), "coatcheck-"));
afterAll(() => rmSync(folder, { recursive: true }));

const PASSWORD = "pa:ss@w/rd";
const SECRET = encodeURIComponent(PASSWORD);

describe("the address of PostgreSQL", () => {
  it("is taken apart, each part decoded", () => {
    expect(parseAddress(`postgres://a%40b:${SECRET}@db.example.com:6432/my%20app`)).toEqual({
      name: "postgres://db.example.com:6432/my%20app",
      host: "db.example.com",
      port: 6_432,
      user: "a@b",
      password: PASSWORD,
      database: "my app",
      tls: { mode: "verify-full", ca: undefined, cert: undefined, key: undefined },
    });
  });

  it("leaves out what PostgreSQL's own programs would take from the environment", () => {
    const { host, port, user, password, database, tls } = parseAddress("postgresql://");
    expect([host, port, user, password, database, tls]).toEqual(["localhost", 5_432, undefined, undefined, undefined, null]);
  });

  it("may be an IPv6 address, or the folder of a socket", () => {
    expect(parseAddress("postgres://[2001:db8::1]/d")).toMatchObject({ host: "2001:db8::1", name: "postgres://[2001:db8::1]:5432/d" });
    expect(parseAddress("postgres:///d?host=%2Frun%2Fpostgresql")).toMatchObject({ host: "/run/postgresql", tls: null });
  });

  it("has neither user nor password in its name", () => {
    const { name } = postgres(`postgres://someone:${SECRET}@127.0.0.1/d`);
    expect(name).toBe("postgres://127.0.0.1:5432/d");
  });
});

describe("the server's certificate", () => {
  it.each(["db.example.com", "192.0.2.7", "localhost.example.com", "127.0.0.1.example.com"])(
    "is verified in full on the way to %s",
    (host) => {
      expect(parseAddress(`postgres://${host}/d`).tls?.mode).toBe("verify-full");
    },
  );

  it.each(["localhost", "127.0.0.1", "127.9.9.9", "[::1]"])(
    "need not be there on the way to %s, which does not leave the machine",
    (host) => {
      expect(parseAddress(`postgres://${host}/d`).tls).toBeNull();
      expect(parseAddress(`postgres://${host}/d?sslmode=verify-full`).tls?.mode).toBe("verify-full");
    },
  );

  it("is verified wherever an authority is named", () => {
    writeFileSync(join(folder, "ca.pem"), "the authority");
    const { tls } = parseAddress(`postgres://localhost/d?sslrootcert=${encodeURIComponent(join(folder, "ca.pem"))}`);
    expect(tls).toMatchObject({ mode: "verify-full", ca: "the authority" });
  });

  it("is not asked for where somebody says so", () => {
    expect(parseAddress("postgres://db.example.com/d?sslmode=disable").tls).toBeNull();
    expect(parseAddress("postgres://db.example.com/d?sslmode=require").tls?.mode).toBe("require");
    expect(isLoopback("db.example.com")).toBe(false);
  });
});

describe("an address that is wrong is refused in one line, without the password in it:", () => {
  it.each([
    [`http://u:${SECRET}@h/d`, /must be written like/],
    [`postgres:u:${SECRET}@h/d`, /must be written like/],
    [`postgres://u:${SECRET}@h/d?sslmode=prefer`, /must have an sslmode of disable, require, verify-ca, verify-full/],
    [`postgres://u:${SECRET}@h/d?sslmode=Verify-Full`, /must have an sslmode/],
    [`postgres://u:${SECRET}@h/d?sslmod=require`, /has a parameter that is not known: there are host, sslmode/],
    [`postgres://u:${SECRET}@h/d?sslmode=require&sslmode=disable`, /must give sslmode once/],
    [`postgres://u:${SECRET}@h/d?sslmode=`, /must give sslmode once, and a value/],
    [
      `postgres://u:${SECRET}@h/d?sslrootcert=/nowhere/ca.pem`,
      /names a file in sslrootcert that can't be read \(ENOENT\): \/nowhere\/ca\.pem/,
    ],
    [`postgres://u:${SECRET}%zz@h/d`, /has a % that encodes nothing/],
    [`postgres://u:${SECRET}@h:99999/d`, /must be written like/],
    [`postgres://u:${SECRET}@h/d?host=a,b`, /names several hosts/],
  ])("%s", (address, says) => {
    let refusal: unknown;
    try {
      postgres(address);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(ConfigError);
    const { message } = refusal as ConfigError;
    expect(message).toMatch(says);
    expect(message).not.toContain("\n");
    for (const part of [PASSWORD, SECRET, "ss%40w"]) expect(message).not.toContain(part);
  });
});
