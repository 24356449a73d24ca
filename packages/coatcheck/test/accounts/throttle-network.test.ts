import { describe, expect, it } from "vitest";
import { elsewhere, oneByOne, open, outcome, PASSWORD, refusal, refusedWith, throttleOn, withAlice } from "./support.ts";

describe("one network", () => {
  it("answers 50 of 100 tries of one password on 100 accounts", async () => {
    const { attempt } = await withAlice();
    expect(await oneByOne(100, (n) => attempt("Summer2026!", elsewhere(0), `user${n}@example.com`))).toEqual({
      invalid_credentials: 50,
      too_many_requests: 50,
    });
    expect(await attempt("Summer2026!", elsewhere(1), "user0@example.com")).toBe("invalid_credentials");
  });

  it.each([
    ["the addresses of one IPv6 /64", (n: number) => `2001:db8:9:9:${n.toString(16)}::${n.toString(16)}`],
    [
      "the spellings of one IPv4 address",
      (n: number) => ["192.0.2.9", "::ffff:192.0.2.9", "::FFFF:c000:209", "::ffff:192.0.2.9%eth0"][n % 4] as string,
    ],
    [
      "case and zones",
      (n: number) => ["2001:db8:9:9::a", "2001:DB8:9:9::A", "2001:db8:9:9::a%1", "2001:0db8:0009:0009:0000::a"][n % 4] as string,
    ],
  ])("takes %s for one", async (_, ip) => {
    const { attempt } = await withAlice();
    expect(await oneByOne(60, (n) => attempt("wrong", { ip: ip(n) }, `user${n}@example.com`))).toEqual({
      invalid_credentials: 50,
      too_many_requests: 10,
    });
  });

  it("takes two /64 for two", async () => {
    const { attempt } = await withAlice();
    await oneByOne(50, (n) => attempt("wrong", { ip: "2001:db8:9:9::1" }, `user${n}@example.com`));
    expect(await attempt("wrong", { ip: "2001:db8:9:9::2" }, "x@example.com")).toBe("too_many_requests");
    expect(await attempt("wrong", { ip: "2001:db8:9:a::1" }, "x@example.com")).toBe("invalid_credentials");
  });

  it("is not forgiven by a success of one account in it", async () => {
    const { attempt } = await withAlice();
    await oneByOne(49, (n) => attempt("wrong", elsewhere(0), `user${n}@example.com`));
    expect(await attempt(PASSWORD, elsewhere(0))).toBe("ok");
    expect(await oneByOne(5, (n) => attempt("wrong", elsewhere(0), `other${n}@example.com`))).toEqual({
      invalid_credentials: 1,
      too_many_requests: 4,
    });
  });

  it("is open again after its window", async () => {
    const { attempt, clock } = await withAlice();
    await oneByOne(60, (n) => attempt("wrong", elsewhere(0), `user${n}@example.com`));
    clock.pass("15m");
    expect(await attempt(PASSWORD, elsewhere(0))).toBe("ok");
  });

  it("has no count when its addresses may be a proxy's, while accounts keep theirs", async () => {
    const { attempt, accounts } = await withAlice({ throttle: { ...throttleOn, privateNetworks: false } });
    for (const ip of ["127.0.0.1", "::1", "10.0.0.1", "::ffff:192.168.0.1", "fd00::1"]) {
      expect(await oneByOne(60, (n) => attempt("wrong", { ip }, `user${n}@${ip.replaceAll(/\W/g, "")}x.example`))).toEqual({
        invalid_credentials: 60,
      });
      expect(await oneByOne(20, () => attempt("wrong", { ip }, `one@${ip.replaceAll(/\W/g, "")}x.example`))).toEqual({
        invalid_credentials: 10,
        too_many_requests: 10,
      });
    }
    for (let n = 0; n < 30; n++) await accounts.signUp({ email: `new${n}@example.com`, password: PASSWORD }, { ip: "127.0.0.1" });
    expect(await oneByOne(60, (n) => attempt("wrong", elsewhere(0), `user${n}@example.com`))).toEqual({
      invalid_credentials: 50,
      too_many_requests: 10,
    });
  });

  it("has a count when a private address is the client's own", async () => {
    const { attempt } = await withAlice();
    expect(await oneByOne(60, (n) => attempt("wrong", { ip: "10.0.0.1" }, `user${n}@example.com`))).toEqual({
      invalid_credentials: 50,
      too_many_requests: 10,
    });
  });

  it.each(["", "unknown"])("has no count when there is no address to see (%j), while accounts keep theirs", async (ip) => {
    const { attempt } = await withAlice();
    expect(await oneByOne(60, (n) => attempt("wrong", { ip }, `user${n}@example.com`))).toEqual({ invalid_credentials: 60 });
    expect(await attempt(PASSWORD, { ip })).toBe("ok");
    expect(await oneByOne(12, () => attempt("wrong", { ip }))).toEqual({ invalid_credentials: 10, too_many_requests: 2 });
  });
});

describe("sign-up", () => {
  it("takes 20 tries an hour from one network, those for taken addresses too", async () => {
    const { accounts, clock } = open();
    const signUp = (n: number, ip: string): Promise<string> =>
      outcome(accounts.signUp({ email: `user${n % 15}@example.com`, password: PASSWORD }, { ip }));
    expect(await oneByOne(30, (n) => signUp(n, `2001:db8::${n}`))).toEqual({ ok: 15, email_taken: 5, too_many_requests: 10 });
    expect(await signUp(0, "2001:db8:0:1::1")).toBe("email_taken");
    clock.pass("59m");
    expect(await refusal(accounts.signUp({ email: "late@example.com", password: PASSWORD }, { ip: "2001:db8::1" }))).toMatchObject({
      details: { retryAfter: 60 },
    });
    clock.pass("1m");
    expect(await refusedWith(accounts.signUp({ email: "user0@example.com", password: PASSWORD }, { ip: "2001:db8::1" }))).toBe(
      "email_taken",
    );
  });

  it("is not stopped by failed sign-ins, nor they by it", async () => {
    const { attempt, accounts } = await withAlice();
    await oneByOne(60, (n) => attempt("wrong", elsewhere(0), `user${n}@example.com`));
    await expect(accounts.signUp({ email: "new@example.com", password: PASSWORD }, elsewhere(0))).resolves.toBeDefined();
  });
});
