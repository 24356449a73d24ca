import { hash as digest } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { UserId } from "../../src/core/ids.ts";
import type { Store } from "../../src/core/ports.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { open, outcome, quickHasher, recorded } from "../accounts/support.ts";
import { EMAIL, openHouse, PASSWORD } from "../http/support.ts";
import type { Got, House } from "../http/support.ts";

const NEW_PASSWORD = "violet otter harbour 42";
const signUp = ({ call }: House, json: object): Promise<Got> => call("POST", "/auth/sign-up", { json: { password: PASSWORD, ...json } });
const signIn = ({ call }: House, json: object): Promise<Got> => call("POST", "/auth/sign-in", { json: { password: PASSWORD, ...json } });

describe("U3 Unicode and address parser tricks (GHSA-7rqj-j65f-68wh, CVE-2022-35924, CVE-2019-19844)", () => {
  const TRICKS = [
    ...[
      '"a@evil.test"@example.com',
      "a@evil.test@example.com",
      "a@example.com@evil.test",
      "a\uff20evil.test@example.com",
      "ada@example.com\uff20evil.test",
      "ada@example.com,b@evil.test",
    ],
    ...[
      "ada@example.com;b@evil.test",
      "ada@example.com b@evil.test",
      "<ada@example.com>",
      "Ada <ada@example.com>",
      "ada@example.com\r\nBcc: b@evil.test",
      "ada@example.com%0d%0aBcc:b",
    ],
    ...[
      "ada\0@example.com",
      "ada@example.com\0.evil.test",
      "ada\u00a0@example.com",
      " ada@example.com",
      "ada@example.com ",
      "ada@example.com\n",
      "\ufeffada@example.com",
    ],
    ...[
      "ada@[127.0.0.1]",
      "ada@127.0.0.1",
      "ada@localhost",
      "ada",
      "@example.com",
      "ada@",
      "ada@.com",
      "ada@example..com",
      "ada@-example.com",
      ".ada@example.com",
      "a..da@example.com",
    ],
    ...[
      "ada%evil.test@example.com",
      "evil.test!ada@example.com",
      "ada|id@example.com",
      "-oQ/tmp@example.com",
      "ada(comment)@example.com",
      "\u0131da@example.com",
      "\u212aada@example.com",
      "аda@example.com",
    ],
    ...[`${"a".repeat(65)}@example.com`, `a@${"b".repeat(250)}.com`, `a@${"b".repeat(64)}.com`, `${"a".repeat(60)}@${"b.".repeat(120)}com`],
  ];

  it("is no address, at sign-up and at sign-in", async () => {
    const house = await openHouse();
    for (const email of TRICKS) {
      for (const got of [await signUp(house, { email }), await signIn(house, { email })]) {
        expect(got.status, email).toBe(422);
        expect(got.json.errors.map(({ pointer }) => pointer)).toEqual(["/email"]);
        expect(got.headers.getSetCookie()).toEqual([]);
      }
    }
  });

  it("all spellings of one address are one account, and mail would go to the stored one", async () => {
    const house = await openHouse();
    await house.arrive("token", "ada@xn--bcher-kva.example");
    for (const email of [
      "ada@bücher.example",
      "ADA@BÜCHER.example",
      "ada@bu\u0308cher.example",
      "Ada@xn--Bcher-KVA.Example",
      "ada@bücher。example",
      "ada@bücher.example\u200b",
      "ada@bü\u00adcher.example",
    ]) {
      expect((await signUp(house, { email })).status, email).toBe(409);
      expect((await signIn(house, { email })).json.user["email"], email).toBe("ada@xn--bcher-kva.example");
    }
    // Letters that only look alike are other people.
    await house.arrive("token", "ada@bucher.example");
    expect((await signIn(house, { email: "ada@bucher.example" })).json.user["email"]).toBe("ada@bucher.example");
  });
});

describe("U4 enumeration by answer or price (ASVS 6.3.8)", () => {
  it("an unknown address, a wrong password and a disabled account: one answer, one price, one count", async () => {
    const asked: { readonly name: string; readonly args: readonly unknown[] }[] = [];
    const plain = memory();
    const store: Store = { ...plain, users: recorded(plain.users, asked), throttles: recorded(plain.throttles, asked) };
    const house = await openHouse({ store });
    const ada = await house.arrive("cookie");
    const bob = await house.arrive("cookie", "bob@example.com");
    await plain.users.setDisabled(bob.got.json.user["id"] as UserId, true, house.clock.now());
    const attempts = [
      { email: EMAIL, password: "wrong password" },
      { email: "nobody@example.com", password: "wrong password" },
      { email: "bob@example.com", password: "wrong password" },
      { email: "bob@example.com", password: PASSWORD },
    ];
    const seen = [];
    for (const json of attempts) {
      asked.length = 0;
      const { status, text, headers } = await house.call("POST", "/auth/sign-in", { json, peer: { address: "203.0.113.1" } });
      seen.push({ status, text, headers: [...headers], asked: asked.map(({ name }) => name) });
    }
    for (const other of seen) expect(other).toEqual(seen[0]);
    expect(seen[0]).toMatchObject({ status: 401 });
    expect(ada.got.status).toBe(201);
  });

  it("the throttle says the same of an address that nobody has", async () => {
    const house = await openHouse();
    await house.arrive();
    const countOf = async (email: string, ip: string): Promise<readonly [number, string]> => {
      for (let count = 0; ; count++) {
        const got = await house.call("POST", "/auth/sign-in", { json: { email, password: "wrong password" }, peer: { address: ip } });
        if (got.status !== 401) return [count, `${got.status} ${got.text} ${got.headers.get("retry-after")}`];
      }
    };
    expect(await countOf(EMAIL, "203.0.113.1")).toEqual(await countOf("nobody@example.com", "203.0.113.2"));
    // Nor do all that nobody has share one count, which an attacker would fill first.
    const json = { email: "no-other@example.com", password: "wrong password" };
    expect((await house.call("POST", "/auth/sign-in", { json, peer: { address: "203.0.113.3" } })).status).toBe(401);
  });

  it("the hash that stands for nobody costs what everybody's costs", async () => {
    const hasher = quickHasher();
    const hotel = open({ hasher });
    await hotel.accounts.signUp({ email: "a@example.com", password: NEW_PASSWORD }, { ip: "" });
    const { user } = await hotel.accounts.signUp({ email: "disabled@example.com", password: NEW_PASSWORD }, { ip: "" });
    await hotel.store.users.setDisabled(user.id, true, hotel.clock.now());
    hasher.asked.length = 0;
    for (const email of ["a@example.com", "nobody@example.com", "disabled@example.com"])
      for (const password of ["wrong password", ...(email.startsWith("disabled") ? [NEW_PASSWORD] : [])])
        expect(await outcome(hotel.accounts.prove({ email, password }, { ip: "" }))).toBe("invalid_credentials");
    expect(new Set(hasher.asked).size).toBe(1);
    expect(hasher.asked).toHaveLength(4);
  });
});

describe("U5 long passwords, 72 bytes, NUL (Okta 2024-10-30)", () => {
  it("every byte counts: no length is cut, no NUL ends it, nothing is trimmed or folded", async () => {
    const house = await openHouse({ options: { issuer: "http://localhost:3000", throttle: "off" } });
    const long = "correct horse battery staple ".repeat(4);
    const pairs: readonly (readonly [string, string])[] = [
      [`${long}A`, `${long}B`],
      [`${"x7!".repeat(24)}A`, `${"x7!".repeat(24)}B`],
      [`otter\0harbour-a`, `otter\0harbour-b`],
      ["violet otter ", "violet otter"],
      ["Violet otter 1", "violet otter 1"],
      ["caf\u00e9 otter", "cafe\u0301 otter"],
      ["🦦".repeat(64), "🦦".repeat(65)],
    ];
    const local = (path: string, body: object) =>
      house.routes.fetch(
        new Request(`http://localhost:3000${path}`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        }),
      );
    for (const [at, [password, near]] of pairs.entries()) {
      const email = `long${at}@example.com`;
      expect((await local("/auth/sign-up", { email, password })).status).toBe(201);
      expect((await local("/auth/sign-in", { email, password: near })).status).toBe(401);
      expect((await local("/auth/sign-in", { email, password })).status).toBe(200);
    }
  });

  it("over 1 024 characters is 422, over 64 kB is 413", async () => {
    const house = await openHouse();
    for (const path of ["/auth/sign-up", "/auth/sign-in"]) {
      for (const [length, status] of [
        [1_025, 422],
        [60_000, 422],
        [70_000, 413],
        [1_000_000, 413],
      ] as const)
        expect((await house.call("POST", path, { json: { email: EMAIL, password: "x".repeat(length) } })).status).toBe(status);
    }
  });

  it("characters are code points, and what is too long meets no hash, whichever door it comes through", async () => {
    const hotel = open();
    const { accounts, hasher } = hotel;
    const longest = "🦦".repeat(1_024);
    const { user } = await accounts.signUp({ email: EMAIL, password: longest }, { ip: "" });
    expect(await outcome(accounts.prove({ email: EMAIL, password: longest }, { ip: "" }))).toBe("ok");
    hasher.asked.length = 0;
    for (const password of [`${longest}x`, "x".repeat(1_025), "x".repeat(1_000_000)]) {
      const doors = [
        accounts.signUp({ email: "eve@example.com", password }, { ip: "" }),
        accounts.prove({ email: EMAIL, password }, { ip: "" }),
        accounts.prove({ email: "nobody@example.com", password }, { ip: "" }),
        accounts.confirm(user.id, password, { ip: "" }),
        accounts.preparePassword(user.id, { current: password, next: NEW_PASSWORD }, { ip: "" }),
        accounts.preparePassword(user.id, { current: longest, next: password }, { ip: "" }),
      ];
      expect(new Set(await Promise.all(doors.map(outcome)))).toEqual(new Set(["invalid_input"]));
    }
    expect(hasher.asked).toEqual([]);
  });

  it("a hash that is not Argon2's is never truncated into a match: it fits nothing", async () => {
    const house = await openHouse();
    const ada = await house.arrive("token");
    const proof = await house.store.users.byId(ada.got.json.user["id"] as UserId);
    for (const foreign of ["$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy", "", "x", digest("sha256", PASSWORD)]) {
      const now = await house.store.users.byId(ada.got.json.user["id"] as UserId);
      await house.store.users.rehash(ada.got.json.user["id"] as UserId, now?.passwordHash as string, foreign);
      expect((await signIn(house, { email: EMAIL })).status).toBe(401);
    }
    expect(proof?.passwordHash).toMatch(/^\$argon2id\$/);
  });
});
