import { hash } from "@node-rs/argon2";
import { describe, expect, it } from "vitest";
import { createAccounts } from "../../src/accounts/accounts.ts";
import { createHasher } from "../../src/accounts/hashing.ts";
import type { UserId } from "../../src/core/ids.ts";
import type { Log, UserProof } from "../../src/core/ports.ts";
import { ALICE, HOME, open, PASSWORD, random, refusal, refusedWith, silent, throttleOn, withAlice } from "./support.ts";
import type { Hotel } from "./support.ts";

describe("confirm", () => {
  it("proves somebody who is logged in", async () => {
    const { accounts, alice } = await withAlice();
    expect(await accounts.confirm(alice.user.id, PASSWORD, HOME)).toEqual(alice);
  });

  it("refuses alike a wrong password, a disabled user and an id that is gone, with one hash each", async () => {
    const { accounts, alice, hasher, store, clock } = await withAlice();
    hasher.asked.length = 0;
    expect(await refusedWith(accounts.confirm(alice.user.id, "plum veranda 43", HOME))).toBe("invalid_credentials");
    expect(await refusedWith(accounts.confirm("usr_gone" as UserId, PASSWORD, HOME))).toBe("invalid_credentials");
    await store.users.setDisabled(alice.user.id, true, clock.now());
    expect(await refusedWith(accounts.confirm(alice.user.id, PASSWORD, HOME))).toBe("invalid_credentials");
    expect(hasher.asked).toEqual(Array(3).fill("verify $argon2id$v=19$m=19456,t=2,p=1$"));
  });

  it.each(["\ud800", "a".repeat(1_025)])("refuses what could not be hashed as input, before any work", async (password) => {
    const { accounts, alice, hasher } = await withAlice();
    hasher.asked.length = 0;
    const error = await refusal(accounts.confirm(alice.user.id, password, HOME));
    expect(error).toMatchObject({ code: "invalid_input", details: { fields: [{ pointer: "/password" }] } });
    expect(hasher.asked).toEqual([]);
  });

  it("counts with sign-in", async () => {
    const { accounts, alice } = await withAlice();
    const away = { ip: "198.51.100.7" };
    for (let n = 0; n < 5; n++) {
      await refusedWith(accounts.confirm(alice.user.id, "plum veranda 43", away));
      await refusedWith(accounts.prove({ email: ALICE.email, password: "plum veranda 43" }, away));
    }
    expect(await refusedWith(accounts.confirm(alice.user.id, PASSWORD, away))).toBe("too_many_requests");
    expect(await refusedWith(accounts.prove(ALICE, away))).toBe("too_many_requests");
  });
});

describe("preparePassword", () => {
  const NEXT = "tulip anvil 77";

  it("proves the current password and hashes the next, writing nothing", async () => {
    const { accounts, alice, store, hasher } = await withAlice();
    hasher.asked.length = 0;
    const prepared = await accounts.preparePassword(alice.user.id, { current: PASSWORD, next: NEXT }, HOME);
    expect(prepared).toMatchObject({ expect: alice.passwordHash, proof: alice });
    expect(hasher.asked).toEqual(["verify $argon2id$v=19$m=19456,t=2,p=1$", "hash"]);
    expect(await store.users.byId(alice.user.id)).toEqual(alice);
    expect(await store.users.rehash(alice.user.id, prepared.expect, prepared.passwordHash)).toBe(true);
    await expect(accounts.prove({ email: ALICE.email, password: NEXT }, HOME)).resolves.toBeDefined();
    expect(await refusedWith(accounts.prove(ALICE, HOME))).toBe("invalid_credentials");
  });

  it("refuses a wrong current password, counts it, and hashes nothing new", async () => {
    const { accounts, alice, hasher } = await withAlice();
    hasher.asked.length = 0;
    for (let n = 0; n < 10; n++)
      expect(await refusedWith(accounts.preparePassword(alice.user.id, { current: "x", next: NEXT }, HOME))).toBe("invalid_credentials");
    expect(hasher.asked).not.toContain("hash");
    expect(await refusedWith(accounts.preparePassword(alice.user.id, { current: PASSWORD, next: NEXT }, HOME))).toBe("too_many_requests");
  });

  it.each([
    ["short", "xk7#qmz", "invalid_input"],
    ["common", "iloveyou", "weak_password"],
    ["made of the address", "alice2026!", "weak_password"],
  ])("refuses a next password that is %s, at no price and named", async (_, next, code) => {
    const { accounts, alice, hasher } = await withAlice();
    hasher.asked.length = 0;
    const error = await refusal(accounts.preparePassword(alice.user.id, { current: "wrong", next }, HOME));
    expect(error).toMatchObject({ code, details: { fields: [{ pointer: "/new" }] } });
    expect(hasher.asked).toEqual([]);
  });

  it("refuses a current password that could not be hashed, and an id that is gone", async () => {
    const { accounts, alice } = await withAlice();
    const unreadable = refusal(accounts.preparePassword(alice.user.id, { current: "\ud800", next: NEXT }, HOME));
    expect(await unreadable).toMatchObject({ code: "invalid_input", details: { fields: [{ pointer: "/current" }] } });
    expect(await refusedWith(accounts.preparePassword("usr_gone" as UserId, { current: PASSWORD, next: NEXT }, HOME))).toBe(
      "invalid_credentials",
    );
  });
});

describe("rehash", () => {
  const weaker = { memoryCost: 4_096, timeCost: 1, parallelism: 1 };

  async function withWeakHash(log: Log = silent): Promise<Hotel & { readonly alice: UserProof }> {
    const hotel = open({ hasher: createHasher({ random }), log });
    const user = {
      id: "usr_old" as UserId,
      email: ALICE.email,
      name: "",
      roles: [],
      emailVerified: false,
      disabled: false,
      createdAt: hotel.clock.now(),
    };
    const alice = (await hotel.store.users.create(user, await hash(PASSWORD, weaker))) as UserProof;
    return { ...hotel, alice };
  }

  it("replaces a hash of other parameters once the password is proved, and only then", async () => {
    const events: unknown[] = [];
    const { accounts, store, alice } = await withWeakHash({ ...silent, info: (event, fields) => void events.push([event, fields]) });
    expect(await refusedWith(accounts.prove({ email: ALICE.email, password: "plum veranda 43" }, HOME))).toBe("invalid_credentials");
    expect((await store.users.byId(alice.user.id))?.passwordHash).toBe(alice.passwordHash);

    const proof = await accounts.prove(ALICE, HOME);
    expect(proof.passwordHash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(proof.head).toBe(alice.head);
    expect(await store.users.byId(alice.user.id)).toEqual(proof);
    expect(events).toEqual([["password_rehashed", { userId: alice.user.id }]]);

    expect(await accounts.prove(ALICE, HOME)).toEqual(proof);
    expect(events).toHaveLength(1);
  });

  it("does not undo a password that was changed meanwhile", async () => {
    const { store, alice, clock } = await withWeakHash();
    const users = { ...store.users, rehash: () => false };
    const accounts = createAccounts({
      ...{ users, clock, random, log: silent, throttles: store.throttles, issuerHost: "x", throttle: throttleOn },
    });
    expect(await accounts.prove(ALICE, HOME)).toEqual(alice);
  });
});
