import { describe, expect, it } from "vitest";
import { CoatcheckError } from "../../src/core/errors.ts";
import { createThrottle, THROTTLES } from "../../src/accounts/throttle.ts";
import { parseDuration } from "../../src/core/time.ts";
import {
  ALICE,
  elsewhere,
  HOME,
  oneByOne,
  open,
  outcome,
  PASSWORD,
  quickHasher,
  refusal,
  tally,
  throttleOn,
  withAlice,
} from "./support.ts";

describe("the table", () => {
  it("is what the docs print: every row complete, every window a duration", () => {
    for (const { counts, per, limit, window } of Object.values(THROTTLES)) {
      expect(counts).toMatch(/\w/);
      expect(per).toMatch(/\w/);
      expect(limit).toBeGreaterThan(0);
      expect(parseDuration(window)).toBeGreaterThan(0);
    }
    expect(Object.entries(THROTTLES).map(([name, { limit, window }]) => `${name} ${limit}/${window}`)).toEqual([
      "account 10/15m",
      "knownNetwork 10/15m",
      "network 50/15m",
      "client 50/15m",
      "signUp 20/1h",
    ]);
  });
});

describe("one account", () => {
  it("answers 10 of 100 wrong passwords from one address", async () => {
    const { attempt, hasher } = await withAlice();
    hasher.asked.length = 0;
    expect(await oneByOne(100, () => attempt("wrong", elsewhere(0)))).toEqual({ invalid_credentials: 10, too_many_requests: 90 });
    expect(hasher.asked).toHaveLength(10);
  });

  it("answers 10 of 100 wrong passwords from 100 addresses", async () => {
    const { attempt, hasher } = await withAlice();
    hasher.asked.length = 0;
    expect(await oneByOne(100, (n) => attempt("wrong", elsewhere(n)))).toEqual({ invalid_credentials: 10, too_many_requests: 90 });
    expect(hasher.asked).toHaveLength(10);
  });

  it("turns the right password away as well, from a network that it is not known on", async () => {
    const { attempt } = await withAlice();
    await oneByOne(10, (n) => attempt("wrong", elsewhere(n)));
    expect(await attempt(PASSWORD, elsewhere(200))).toBe("too_many_requests");
  });

  it("lets the owner in on a known network, and lets them mistype there", async () => {
    const { attempt } = await withAlice();
    await oneByOne(100, (n) => attempt("wrong", elsewhere(n)));
    expect(await oneByOne(9, () => attempt("mistyped", HOME))).toEqual({ invalid_credentials: 9 });
    expect(await attempt(PASSWORD, HOME)).toBe("ok");
    expect(await oneByOne(9, () => attempt("mistyped", HOME))).toEqual({ invalid_credentials: 9 });
    expect(await attempt(PASSWORD, HOME)).toBe("ok");
  });

  it("bounds guesses from a known network too, and only there", async () => {
    const { attempt } = await withAlice();
    expect(await oneByOne(30, () => attempt("wrong", HOME))).toEqual({ invalid_credentials: 10, too_many_requests: 20 });
    expect(await attempt(PASSWORD, HOME)).toBe("too_many_requests");
    expect(await attempt(PASSWORD, elsewhere(1))).toBe("ok");
  });

  it("is known on a network once it has signed in from there, for 90 days after the last time", async () => {
    const { attempt, clock } = await withAlice();
    const cafe = { ip: "2001:db8:7:7::1" };
    expect(await attempt(PASSWORD, cafe)).toBe("ok");
    clock.pass("89d");
    expect(await attempt(PASSWORD, { ip: "2001:db8:7:7::2" })).toBe("ok");
    clock.pass("89d");
    await oneByOne(10, (n) => attempt("wrong", elsewhere(n)));
    expect(await attempt(PASSWORD, { ip: "2001:db8:7:7::3" })).toBe("ok");
    clock.pass("90d");
    await oneByOne(10, (n) => attempt("wrong", elsewhere(n)));
    expect(await attempt(PASSWORD, cafe)).toBe("too_many_requests");
  });

  it("makes nobody else known on that network", async () => {
    const { attempt, accounts } = await withAlice();
    await accounts.signUp({ email: "bob@example.com", password: PASSWORD }, elsewhere(1));
    await oneByOne(10, (n) => attempt("wrong", elsewhere(n + 2), "bob@example.com"));
    expect(await attempt(PASSWORD, elsewhere(1), "bob@example.com")).toBe("ok");
    expect(await attempt(PASSWORD, HOME, "bob@example.com")).toBe("too_many_requests");
    expect(await attempt(PASSWORD, HOME)).toBe("ok");
  });

  it("is open again when the window is over, however long it was tried: nobody is locked out for good", async () => {
    const { attempt, clock, accounts } = await withAlice();
    const stranger = { ip: "192.0.2.77" };
    await oneByOne(100, (n) => attempt("wrong", elsewhere(n)));
    clock.pass("5m");
    expect(await refusal(accounts.prove(ALICE, stranger))).toMatchObject({
      code: "too_many_requests",
      status: 429,
      details: { retryAfter: 600 },
    });
    clock.pass("9m");
    await oneByOne(100, (n) => attempt("wrong", elsewhere(n)));
    clock.pass("59s");
    expect(await refusal(accounts.prove(ALICE, stranger))).toMatchObject({ details: { retryAfter: 1 } });
    clock.pass("1s");
    expect(await attempt(PASSWORD, stranger)).toBe("ok");
  });

  it("tells at least a second to wait", async () => {
    const { attempt, clock, accounts } = await withAlice();
    await oneByOne(10, (n) => attempt("wrong", elsewhere(n)));
    clock.pass("899s");
    clock.pass("999ms");
    expect(await refusal(accounts.prove(ALICE, elsewhere(1)))).toMatchObject({ details: { retryAfter: 1 } });
  });

  it("does not count success", async () => {
    const { attempt } = await withAlice();
    expect(await oneByOne(60, () => attempt(PASSWORD, HOME))).toEqual({ ok: 60 });
  });

  it("counts addresses that nobody has an account for alike, in one spelling", async () => {
    const { attempt } = await withAlice();
    const spelt = ["bob@example.com", "BOB@example.com", "bob@EXAMPLE.COM"];
    expect(await oneByOne(30, (n) => attempt("wrong", elsewhere(n), spelt[n % 3]))).toEqual({
      invalid_credentials: 10,
      too_many_requests: 20,
    });
  });
});

describe("many at once", () => {
  it.each([1, 2, 3])("overruns by less than the %i slots, in one account", async (slots) => {
    const hasher = quickHasher(slots);
    const { attempt } = await withAlice({ hasher });
    hasher.asked.length = 0;
    const codes = tally(await Promise.all(Array.from({ length: 60 }, (_, n) => attempt("wrong", elsewhere(n)))));
    expect(hasher.most()).toBe(slots);
    expect(codes["invalid_credentials"]).toBeGreaterThanOrEqual(10);
    expect(codes["invalid_credentials"]).toBeLessThan(10 + slots);
    expect(hasher.asked).toHaveLength(codes["invalid_credentials"] as number);
  });

  it("overruns by less than the slots, in sign-ups of one network", async () => {
    const hasher = quickHasher(2);
    const { accounts } = open({ hasher });
    const all = await Promise.allSettled(
      Array.from({ length: 60 }, (_, n) => accounts.signUp({ email: `u${n}@example.com`, password: PASSWORD }, HOME)),
    );
    const made = all.filter(({ status }) => status === "fulfilled").length;
    expect(made).toBeGreaterThanOrEqual(20);
    expect(made).toBeLessThan(22);
  });
});

it("turns away at the door: who must wait for a window waits for no hash", async () => {
  const { store, clock, accounts, alice } = await withAlice();
  const signUp = (n: number): Promise<string> => outcome(accounts.signUp({ email: `u${n}@example.com`, password: PASSWORD }, HOME));
  await oneByOne(10, () => outcome(accounts.confirm(alice.user.id, "wrong", HOME)));
  await oneByOne(19, signUp);

  const full = quickHasher();
  const inSlot = (): Promise<never> => Promise.reject(new CoatcheckError("overloaded"));
  const busy = open({ users: store.users, throttles: store.throttles, clock, hasher: { ...full, inSlot } }).accounts;
  expect(await outcome(busy.prove(ALICE, HOME))).toBe("too_many_requests");
  expect(await outcome(busy.confirm(alice.user.id, PASSWORD, HOME))).toBe("too_many_requests");
  expect(await outcome(busy.preparePassword(alice.user.id, { current: PASSWORD, next: "tulip anvil 77" }, HOME))).toBe("too_many_requests");
  expect(await outcome(busy.signUp({ email: "late@example.com", password: PASSWORD }, HOME))).toBe("too_many_requests");
  expect(await outcome(busy.signUp({ email: "late@example.com", password: PASSWORD }, elsewhere(1)))).toBe("overloaded");
});

describe("what the store holds", () => {
  it("names no address and no network", async () => {
    const keys = new Set<string>();
    const { store, clock } = open();
    const count: typeof store.throttles.count = (rules, now) => {
      for (const { key } of rules) keys.add(key);
      return store.throttles.count(rules, now);
    };
    const throttle = createThrottle({ ...throttleOn, throttles: { ...store.throttles, count }, clock });
    const door = await throttle.proof(ALICE.email, HOME.ip);
    await door.count();
    await door.succeeded();
    await (await throttle.proof(ALICE.email, HOME.ip)).count();
    await throttle.signUp(HOME.ip).count();
    expect([...keys].toSorted()).toEqual(
      ["account", "known", "knownNetwork", "network", "signUp"].map(
        (name) => expect.stringMatching(new RegExp(`^${name}:[\\w-]{43}$`)) as string,
      ),
    );

    const other = createThrottle({ ...throttleOn, key: () => new Uint8Array(32), throttles: { ...store.throttles, count }, clock });
    const before = keys.size;
    await (await other.proof(ALICE.email, HOME.ip)).count();
    expect(keys.size).toBe(before + 2);
  });
});

describe("switched off", () => {
  it("asks and counts nothing", async () => {
    const touched: string[] = [];
    const throttles = new Proxy(open().store.throttles, {
      get: (_, name) => () => {
        touched.push(String(name));
        return null;
      },
    });
    const { attempt, accounts } = await withAlice({ throttle: { ...throttleOn, enabled: false }, throttles });
    expect(await oneByOne(100, () => attempt("wrong", elsewhere(0)))).toEqual({ invalid_credentials: 100 });
    expect(await attempt(PASSWORD, elsewhere(0))).toBe("ok");
    for (let n = 0; n < 25; n++) await accounts.signUp({ email: `u${n}@example.com`, password: PASSWORD }, HOME);
    expect(touched).toEqual([]);
  });
});
