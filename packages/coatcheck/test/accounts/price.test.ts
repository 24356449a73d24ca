import { describe, expect, it } from "vitest";
import { createAccounts } from "../../src/accounts/accounts.ts";
import { createHasher } from "../../src/accounts/hashing.ts";
import type { UserProof } from "../../src/core/ports.ts";
import { ALICE, HOME, open, PASSWORD, random, recorded, refusal, refusedWith, withAlice } from "./support.ts";
import type { Hotel } from "./support.ts";

describe("one price for known, unknown and disabled", () => {
  /** Store calls and hashes of one refused try, with whatever names the address left out. */
  async function price(prepare: (hotel: Hotel, alice: UserProof) => unknown, email: string, password: string): Promise<unknown> {
    const calls: { name: string; args: readonly unknown[] }[] = [];
    const plain = open();
    const accounts = createAccounts({ ...plain, users: recorded(plain.users, calls), throttles: recorded(plain.throttles, calls) });
    const alice = await accounts.signUp(ALICE, HOME);
    await prepare(plain, alice);
    calls.length = 0;
    plain.hasher.asked.length = 0;
    expect(await refusedWith(accounts.prove({ email, password }, { ip: "198.51.100.7" }))).toBe("invalid_credentials");
    const shape = calls.map(({ name, args }) => [
      name,
      JSON.stringify(args)
        .replaceAll(/"(\w+):[\w-]{43}"/g, '"$1"')
        .replaceAll(email, "EMAIL"),
    ]);
    return { shape, hashes: [...plain.hasher.asked] };
  }

  it("is the same store calls and exactly one Argon2id with the same parameters", async () => {
    const wrong = await price(() => undefined, ALICE.email, "plum veranda 43");
    const unknown = await price(() => undefined, "nobody@example.com", PASSWORD);
    const disabled = await price(
      ({ store, clock }, { user }) => store.users.setDisabled(user.id, true, clock.now()),
      ALICE.email,
      PASSWORD,
    );
    expect(wrong).toEqual({
      shape: [
        ["blockedUntil", expect.stringContaining('"known"')],
        ["blockedUntil", expect.stringContaining('"account"')],
        ["byEmail", '["EMAIL"]'],
        ["blockedUntil", expect.stringContaining('"account"')],
        ["count", expect.stringContaining('"network"')],
      ],
      hashes: ["verify $argon2id$v=19$m=19456,t=2,p=1$"],
    });
    expect(unknown).toEqual(wrong);
    expect(disabled).toEqual(wrong);
  });

  it("is the same once the account is shut for its failures", async () => {
    const shut = async (email: string): Promise<unknown> => {
      const { accounts, hasher } = await withAlice();
      const codes: unknown[] = [];
      for (let n = 0; n < 12; n++) {
        const { code, details } = await refusal(accounts.prove({ email, password: "plum veranda 43" }, { ip: `198.51.100.${n}` }));
        codes.push([code, details.retryAfter]);
      }
      return { codes, hashes: hasher.asked.filter((it) => it.startsWith("verify")).length };
    };
    const known = await shut(ALICE.email);
    expect(known).toMatchObject({ hashes: 10, codes: expect.arrayContaining([["too_many_requests", 900]]) as unknown });
    expect(await shut("nobody@example.com")).toEqual(known);
  });

  it("holds with the real hasher: nobody's password fits the decoy", async () => {
    const { accounts } = open({ hasher: createHasher({ random }) });
    await accounts.signUp(ALICE, HOME);
    expect((await accounts.prove(ALICE, HOME)).user.email).toBe(ALICE.email);
    for (const password of ["", "x", PASSWORD])
      expect(await refusedWith(accounts.prove({ email: "bob@example.com", password }, HOME))).toBe("invalid_credentials");
  });
});
