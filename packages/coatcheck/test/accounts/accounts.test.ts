import { describe, expect, it } from "vitest";
import type { ProofFailure } from "../../src/accounts/accounts.ts";
import { createAccounts } from "../../src/accounts/accounts.ts";
import { createHasher } from "../../src/accounts/hashing.ts";
import { ALICE, HOME, open, PASSWORD, quickHasher, random, refusal, refusedWith, withAlice } from "./support.ts";

describe("signUp", () => {
  it("makes an account with nothing granted, and a proof with its snapshot's head", async () => {
    const { alice, clock, store } = await withAlice();
    expect(alice.user).toEqual({
      id: expect.stringMatching(/^usr_[A-Za-z0-9_-]{21}[AQgw]$/) as string,
      email: "alice@example.com",
      name: "Alice",
      roles: [],
      emailVerified: false,
      disabled: false,
      createdAt: clock.now(),
    });
    expect(await store.users.byId(alice.user.id)).toEqual(alice);
    expect(alice.passwordHash).not.toContain(PASSWORD);
  });

  it("takes its ids from the random port and no two alike", async () => {
    const { accounts } = open();
    const ids = await Promise.all(
      Array.from(
        { length: 20 },
        async (_, n) => (await accounts.signUp({ email: `u${n}@example.com`, password: PASSWORD }, { ip: "" })).user.id,
      ),
    );
    expect(new Set(ids).size).toBe(20);
  });

  it("knows an address by one spelling", async () => {
    const { accounts } = await withAlice();
    expect(await refusedWith(accounts.signUp({ ...ALICE, email: "ALICE@Example.COM" }, HOME))).toBe("email_taken");
    expect((await accounts.prove({ email: "Alice@EXAMPLE.com", password: PASSWORD }, HOME)).user.email).toBe("alice@example.com");
  });

  it("gives an address to one of many at once", async () => {
    const { accounts } = open();
    const all = await Promise.allSettled(Array.from({ length: 8 }, () => accounts.signUp(ALICE, HOME)));
    expect(all.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  it.each([
    ["no address", { ...ALICE, email: "alice" }, "invalid_input", "/email"],
    ["an address that reads as two", { ...ALICE, email: "a@evil.example,b@example.com" }, "invalid_input", "/email"],
    ["seven characters", { ...ALICE, password: "xk7#qmz" }, "invalid_input", "/password"],
    ["1 025 characters", { ...ALICE, password: "a".repeat(1_025) }, "invalid_input", "/password"],
    ["a lone surrogate", { ...ALICE, password: "xk7#qmzw\ud800" }, "invalid_input", "/password"],
    ["a common password", { ...ALICE, password: "Password1" }, "weak_password", "/password"],
    ["the address as password", { ...ALICE, password: "Alice@example.com" }, "weak_password", "/password"],
    ["the issuer's host as password", { ...ALICE, password: "auth.example.org" }, "weak_password", "/password"],
    ["the name as password", { ...ALICE, name: "Wilhelmina", password: "wilhelmina77" }, "weak_password", "/password"],
  ])("refuses %s, and neither hashes nor counts", async (_, newcomer, code, pointer) => {
    const { accounts, hasher, store } = open();
    const error = await refusal(accounts.signUp(newcomer, HOME));
    expect(error).toMatchObject({ code, status: 422, details: { fields: [{ pointer }] } });
    expect(JSON.stringify(error.details)).not.toContain(newcomer.password);
    expect(hasher.asked).toEqual([]);
    expect(await store.users.byEmail("alice@example.com")).toBeNull();
  });

  it.each([
    ["8 characters", "xk7#qmzw"],
    ["64 emoji", "🔑".repeat(64)],
    ["1 023 letters", "a".repeat(1_023)],
    ["spaces at both ends", " plum veranda "],
    ["a NUL", "plum\u0000veranda"],
  ])("takes %s exactly as received", async (_, password) => {
    const { accounts } = open();
    await accounts.signUp({ ...ALICE, password }, HOME);
    await expect(accounts.prove({ email: ALICE.email, password }, HOME)).resolves.toMatchObject({ user: { name: "Alice" } });
    for (const other of [`${password} `, ` ${password}`, password.trim(), password.split("\u0000")[0] ?? ""])
      if (other !== password)
        expect(await refusedWith(accounts.prove({ email: ALICE.email, password: other }, HOME))).toBe("invalid_credentials");
  });
});

describe("prove", () => {
  it.each([
    ["a wrong password", ALICE.email, "plum veranda 43"],
    ["a flipped case", ALICE.email, "Plum veranda 42"],
    ["a password too short to be one", ALICE.email, "x"],
    ["no password", ALICE.email, ""],
    ["an unknown address", "bob@example.com", PASSWORD],
  ])("refuses %s", async (_, email, password) => {
    const { accounts } = await withAlice();
    expect(await refusedWith(accounts.prove({ email, password }, HOME))).toBe("invalid_credentials");
  });

  it("says the same of unknown, wrong and disabled, and keeps the reason inside", async () => {
    const { accounts, store, alice, clock } = await withAlice();
    const failed = async (email: string, password: string): Promise<{ seen: unknown; cause: unknown }> => {
      const { code, message, status, details } = await refusal(accounts.prove({ email, password }, HOME));
      return {
        seen: { code, message, status, fields: details.fields, retryAfter: details.retryAfter, detail: details.detail },
        cause: details.cause,
      };
    };
    const wrong = await failed(ALICE.email, "plum veranda 43");
    const unknown = await failed("bob@example.com", PASSWORD);
    await store.users.setDisabled(alice.user.id, true, clock.now());
    const disabled = await failed(ALICE.email, PASSWORD);
    expect(unknown.seen).toEqual(wrong.seen);
    expect(disabled.seen).toEqual(wrong.seen);
    expect([wrong.cause, unknown.cause, disabled.cause]).toEqual([
      { reason: "wrong", userId: alice.user.id },
      { reason: "unknown", userId: null },
      { reason: "disabled", userId: alice.user.id },
    ] satisfies ProofFailure[]);
  });

  it.each([
    ["no address", { email: "alice", password: PASSWORD }, "/email"],
    ["a password too long to be hashed", { email: ALICE.email, password: "a".repeat(1_025) }, "/password"],
    ["a lone surrogate", { email: ALICE.email, password: "\ud800" }, "/password"],
  ])("refuses %s as input, before any work", async (_, credentials, pointer) => {
    const { accounts, hasher } = open();
    expect(await refusal(accounts.prove(credentials, HOME))).toMatchObject({ code: "invalid_input", details: { fields: [{ pointer }] } });
    expect(hasher.asked).toEqual([]);
  });

  it("gives the head of the snapshot that the hash was read in, so that a cutoff during the hash is later", async () => {
    const { accounts, hasher, store, alice, clock } = await withAlice();
    let letGo = (): void => undefined;
    const busy = [0, 1].map(() => hasher.inSlot(() => new Promise<void>((resolve) => (letGo = chained(letGo, resolve)))));
    const proving = accounts.prove({ email: ALICE.email, password: PASSWORD }, HOME);
    while (hasher.queued() === 0) await new Promise(setImmediate);
    const { seq } = await store.sessions.endAll(alice.user.id, null, clock.now());
    letGo();
    const proof = await proving;
    await Promise.all(busy);
    expect(proof.head).toBeLessThan(seq);
    expect(proof.head).toBe(alice.head);
  });
});

function chained(first: () => void, then: () => void): () => void {
  return () => {
    first();
    then();
  };
}

it("says overloaded when the queue is full, and counts nobody for it", async () => {
  const { accounts } = open({ hasher: createHasher({ random, running: 1, waiting: 1 }) });
  await accounts.signUp(ALICE, HOME);
  const all = await Promise.all(
    Array.from({ length: 40 }, () => accounts.prove({ ...ALICE, password: "wrong" }, HOME).catch((error: unknown) => error)),
  );
  const overloaded = { code: "overloaded", details: { retryAfter: 1 } };
  expect(all.filter((error) => (error as { code: string }).code === "invalid_credentials")).toHaveLength(2);
  expect(all.slice(2)).toEqual(Array(38).fill(expect.objectContaining(overloaded)));
  await expect(accounts.prove(ALICE, HOME)).resolves.toBeDefined();
});

it("lets an outage through as an outage, and gives the slot back", async () => {
  const hasher = quickHasher(1);
  const plain = open({ hasher });
  await plain.accounts.signUp(ALICE, HOME);
  const broken = createAccounts({
    ...plain,
    throttles: { ...plain.throttles, count: () => Promise.reject(new Error("the store is away")) },
  });
  for (let n = 0; n < 3; n++)
    await expect(broken.prove({ email: ALICE.email, password: "wrong" }, HOME)).rejects.toThrow("the store is away");
  await expect(plain.accounts.prove(ALICE, HOME)).resolves.toBeDefined();
});
