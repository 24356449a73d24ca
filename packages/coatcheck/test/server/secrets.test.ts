import { randomBytes } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ConfigError } from "../../src/core/errors.ts";
import type { Store } from "../../src/core/ports.ts";
import type { SecretSource } from "../../src/config/read.ts";
import { systemRandom } from "../../src/server/random.ts";
import type { Machine } from "../../src/server/secret-file.ts";
import { librarySecrets, masterSecrets } from "../../src/server/secrets.ts";
import type { MasterSecrets, SecretContext } from "../../src/server/secrets.ts";

const LOCAL = "http://localhost:3000";
const PUBLIC = "https://login.example.com";
const DEFAULT: SecretSource = { kind: "default" };

let folder: string;
let machine: Machine;

beforeEach(() => {
  folder = realpathSync.native(mkdtempSync(join(tmpdir(), "coatcheck-secrets-")));
  machine = { platform: "linux", env: {}, home: join(folder, "home") };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const fresh = (length = 32): string => randomBytes(length).toString("base64url");
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "base64url"));
const dataStore = (): string => `sqlite:${join(folder, "project", "data", "app.db")}`;

function resolveSecrets(source: SecretSource, context: Partial<SecretContext> = {}): MasterSecrets {
  return masterSecrets(source, { issuer: LOCAL, store: dataStore(), random: systemRandom, machine, ...context });
}

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message, "one line").not.toMatch(/[\r\n]/);
    return (error as Error).message;
  }
  throw new Error("was accepted");
}

describe("given values", () => {
  const given = (...values: string[]): SecretSource => ({ kind: "values", values, at: "COATCHECK_SECRET" });

  test("one or more, in their order", () => {
    const [first, second] = [fresh(), fresh(64)];
    const { masters, where, made } = resolveSecrets(given(first, ` ${second}\n`));
    expect(masters.map((master) => Buffer.from(master).toString("base64url"))).toEqual([first, second]);
    expect({ where, made }).toEqual({ where: "COATCHECK_SECRET", made: false });
  });

  test.each([
    ["padding", `${"Q".repeat(2)}==`],
    ["the other alphabet", `+/${fresh()}`],
    ["a second spelling of the last byte", "0123456789abcdefghijklmnopqrstuvwxyzABCDEFB"],
    ["a space inside", `${fresh()} ${fresh()}`],
  ])("refused, and not repeated: %s", (_, value) => {
    const message = refusal(() => resolveSecrets(given(fresh(), value)));
    expect(message).toMatch(/^COATCHECK_SECRET is not base64url without padding; make one by node -p /);
    expect(message).not.toContain(value);
  });

  test("each of several must be strong", () => {
    const weak = Buffer.alloc(32, 7).toString("base64url");
    const message = refusal(() => resolveSecrets(given(fresh(), weak)));
    expect(message).toMatch(/^COATCHECK_SECRET is too weak: a secret repeats itself; make one by node -p /);
    expect(message).not.toContain(weak);
    expect(refusal(() => resolveSecrets(given(fresh(), "")))).toMatch(/^COATCHECK_SECRET is too weak: a secret is only 0 bytes long/);
  });
});

describe("a file", () => {
  const file = (content: string, mode = 0o600, path = join(folder, "my.secret")): SecretSource => {
    writeFileSync(path, content, { mode });
    return { kind: "file", path };
  };

  test("holds the same list, and a line's end", () => {
    const [first, second] = [fresh(), fresh()];
    const { masters, where, warnings } = resolveSecrets(file(`${first}, ${second}\n`));
    expect(masters).toEqual([first, second].map(bytes));
    expect({ where, warnings }).toEqual({ where: join(folder, "my.secret"), warnings: [] });
  });

  test("wins over every default, whatever store and issuer", () => {
    const secret = fresh();
    for (const context of [{ store: "memory:" }, { issuer: PUBLIC }]) {
      expect(resolveSecrets(file(secret), context).masters).toEqual([bytes(secret)]);
    }
  });

  test("must be there and readable", () => {
    expect(refusal(() => resolveSecrets({ kind: "file", path: join(folder, "none") }))).toBe(
      `the secret file ${join(folder, "none")} can't be read (ENOENT): check the name and its permissions`,
    );
    expect(refusal(() => resolveSecrets({ kind: "file", path: folder }))).toContain("can't be read (EISDIR)");
  });

  test("must not be empty or weak", () => {
    expect(refusal(() => resolveSecrets(file("\n")))).toMatch(/my\.secret is too weak: a secret is only 0 bytes long/);
    expect(refusal(() => resolveSecrets(file("hunter2")))).toMatch(/my\.secret is not base64url|is too weak/);
    const weak = Buffer.alloc(32, 7).toString("base64url");
    expect(refusal(() => resolveSecrets(file(`${fresh()},${weak}`)))).toMatch(/my\.secret is too weak: a secret repeats itself/);
  });

  test("is read again as it is by then, and refused when it has become weak", () => {
    const [first, second] = [fresh(), fresh()];
    const { read } = resolveSecrets(file(first));
    file(`${second},${first}`);
    expect(read()).toEqual([second, first].map(bytes));
    file("correct-horse-battery-staple-correct-horse-battery");
    expect(refusal(read)).toMatch(/my\.secret is too weak|is not base64url/);
  });

  test.runIf(process.platform !== "win32").each([0o640, 0o604, 0o660])("that others may read (%o) is used with a warning", (mode) => {
    const source = file(fresh());
    chmodSync(join(folder, "my.secret"), mode);
    expect(resolveSecrets(source).warnings).toEqual([
      `others on this machine may read the secret ${join(folder, "my.secret")}: chmod 600 it`,
    ]);
  });

  test("in the folder of the data is used with a warning", () => {
    const data = join(folder, "project", "data");
    mkdirSync(data, { recursive: true });
    const path = join(data, "in.secret");
    expect(resolveSecrets(file(fresh(), 0o600, path)).warnings).toEqual([
      `the secret ${path} lies in the folder of the data: whoever gets a copy of that folder can open everything; keep it elsewhere`,
    ]);
  });
});

describe("the default", () => {
  test("for a localhost issuer is made once, for its owner alone, outside the folder of the data", () => {
    const first = resolveSecrets(DEFAULT);
    expect(first.made).toBe(true);
    expect(first.masters).toHaveLength(1);
    expect(first.masters[0]?.byteLength).toBe(32);
    expect(first.where.startsWith(join(folder, "home", ".local", "state", "coatcheck"))).toBe(true);
    if (process.platform !== "win32") {
      expect(statSync(first.where).mode & 0o777).toBe(0o600);
      expect(statSync(join(first.where, "..")).mode & 0o777).toBe(0o700);
    }
    expect(existsSync(join(folder, "project")), "nothing is made where the data go").toBe(false);
    expect(resolveSecrets(DEFAULT)).toEqual({ ...first, read: expect.any(Function), made: false });
    expect(readdirSync(join(first.where, "..")), "no draft is left").toHaveLength(1);
  });

  test("is another one for another data file, the same for another spelling of it", () => {
    mkdirSync(join(folder, "project", "data"), { recursive: true });
    symlinkSync(join(folder, "project"), join(folder, "link"), "junction");
    const first = resolveSecrets(DEFAULT);
    expect(resolveSecrets(DEFAULT, { store: `sqlite:${join(folder, "project", "data", "other.db")}` }).masters).not.toEqual(first.masters);
    expect(resolveSecrets(DEFAULT, { store: `sqlite:${join(folder, "link", "data", "app.db")}` }).masters).toEqual(first.masters);
    expect(resolveSecrets(DEFAULT, { store: `sqlite:${join(folder, "project", "x", "..", "data", "app.db")}` }).masters).toEqual(
      first.masters,
    );
  });

  test("is refused where it would lie in the folder of the data", () => {
    const store = `sqlite:${join(folder, "home", "app.db")}`;
    expect(refusal(() => resolveSecrets(DEFAULT, { store }))).toMatch(
      /^the folder of the data also holds .*\.secret, where the secret would go: choose another --store, or give --secret-file$/,
    );
    expect(existsSync(join(folder, "home")), "nothing was made").toBe(false);
  });

  test("that was changed by hand to something weak is refused", () => {
    const { where } = resolveSecrets(DEFAULT);
    writeFileSync(where, Buffer.alloc(32).toString("base64url"));
    expect(refusal(() => resolveSecrets(DEFAULT))).toContain("is too weak: a secret repeats itself");
  });

  test("that can't be written is one line", () => {
    writeFileSync(join(folder, "home"), "a file, not a folder");
    expect(refusal(() => resolveSecrets(DEFAULT))).toMatch(
      /^the secret can't be written to .*\.secret \((ENOTDIR|EEXIST|ENOENT)\): let it be written, or give --secret-file$/,
    );
  });

  test("of the memory store is new at each start, whatever the issuer", () => {
    for (const issuer of [LOCAL, PUBLIC]) {
      const [first, second] = [
        resolveSecrets(DEFAULT, { store: "memory:", issuer }),
        resolveSecrets(DEFAULT, { store: "memory:", issuer }),
      ];
      expect(first.masters[0]?.byteLength).toBe(32);
      expect(first.masters).not.toEqual(second.masters);
    }
    expect(existsSync(join(folder, "home"))).toBe(false);
  });

  test.each([PUBLIC, "https://localhost"])("does not exist for the issuer %s", (issuer) => {
    expect(refusal(() => resolveSecrets(DEFAULT, { issuer }))).toMatch(
      /^no secret: set COATCHECK_SECRET or --secret-file to one made by node -p /,
    );
    expect(existsSync(join(folder, "home"))).toBe(false);
  });
});

describe("the library's", () => {
  const named = (name: string): Pick<Store, "name"> & Store => ({ name }) as Store;

  test("one text, several in one text, or a list", () => {
    const [first, second] = [fresh(), fresh()];
    const both = [first, second].map(bytes);
    expect(librarySecrets({ secret: first, store: named("x:") }, { issuer: PUBLIC })()).toEqual(both.slice(0, 1));
    expect(librarySecrets({ secret: `${first},${second}`, store: named("x:") }, { issuer: PUBLIC })()).toEqual(both);
    expect(librarySecrets({ secret: [first, second], store: named("x:") }, { issuer: PUBLIC })()).toEqual(both);
  });

  test("weak, empty or no text: refused", () => {
    expect(refusal(() => librarySecrets({ secret: "a".repeat(43), store: named("x:") }, { issuer: LOCAL }))).toMatch(
      /^the option "secret" is (too weak|not base64url)/,
    );
    expect(refusal(() => librarySecrets({ secret: [], store: named("x:") }, { issuer: LOCAL }))).toMatch(
      /^the option "secret" is empty; make one by/,
    );
    expect(refusal(() => librarySecrets({ secret: [7] as unknown as string[], store: named("x:") }, { issuer: LOCAL }))).toMatch(
      /^the option "secret" is not base64url/,
    );
  });

  test.each([
    [PUBLIC, "sqlite:data/app.db"],
    [LOCAL, "a store of one's own"],
  ])("missing with the issuer %s on %s: refused", (issuer, store) => {
    expect(refusal(() => librarySecrets({ store: named(store) }, { issuer }))).toMatch(
      /^the option "secret" is missing: set it to one made by node -p/,
    );
  });

  test("none is needed for the memory store", () => {
    expect(librarySecrets({ store: named("memory:") }, { issuer: PUBLIC })()[0]?.byteLength).toBe(32);
  });

  test.runIf(process.platform !== "win32")("with an SQLite file and a localhost issuer it is the server's", () => {
    const before = process.env["XDG_STATE_HOME"];
    process.env["XDG_STATE_HOME"] = join(folder, "xdg");
    try {
      const server = masterSecrets(DEFAULT, {
        issuer: LOCAL,
        store: dataStore(),
        random: systemRandom,
        machine: { ...machine, env: process.env },
      });
      expect(librarySecrets({ store: named(dataStore()) }, { issuer: "http://localhost:4000" })()).toEqual(server.masters);
    } finally {
      if (before === undefined) delete process.env["XDG_STATE_HOME"];
      else process.env["XDG_STATE_HOME"] = before;
    }
  });
});
