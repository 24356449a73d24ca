import { describe, expect, it } from "vitest";
import type { Issued } from "../../src/carriers/carrier.ts";
import { authFor } from "../../src/auth.ts";
import type { CoatcheckError } from "../../src/core/errors.ts";
import type { UserId } from "../../src/core/ids.ts";
import type { Store } from "../../src/core/ports.ts";
import { instant } from "../../src/core/time.ts";
import type { Duration } from "../../src/core/time.ts";
import { createRoutes } from "../../src/http/index.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { fakeClock } from "../../src/testing/index.ts";
import { credential, DAY, FROM, MINUTE, refreshTokenOf, world } from "../support/world.ts";
import type { World } from "../support/world.ts";

// Two nodes on a store that is elsewhere: the clock of the second is wrong, or the store's and the first's are.

/** The store as from another machine, whose clock is the first node's. */
function far(store: Store, clock: World["clock"]): Store {
  const { feed } = store;
  const confirm: typeof feed.confirm = async (hold, now) => ({ ...(await feed.confirm(hold, now)), storeClock: clock.now() });
  return { ...store, feed: { ...feed, moved: null, confirm } };
}

async function scene(skew: number, accessTtl: Duration = "5m") {
  const store = memory();
  const right = await world({ options: { accessTtl }, store });
  const clock = fakeClock();
  const clocks = { wall: () => clock.now(), monotonic: () => 5_000, sinceBoot: () => null };
  const wrong = await world({ options: { accessTtl }, store: far(store, right.clock), clock, clocks });
  wrong.clock.set(skew);
  /** What the node whose clock is apart says. */
  const word = async (issued: Issued): Promise<string> => {
    try {
      const verdict = await wrong.composed.engine.carriers[issued.session.carrier].check(credential(issued), wrong.clock.now());
      return verdict.ok ? verdict.principal.clientId && "ok" : verdict.reason;
    } catch (error) {
      return (error as CoatcheckError).code;
    }
  };
  return { right, wrong, word, node: wrong.composed };
}

const BOTH_WAYS = [-60 * MINUTE, 60 * MINUTE];

describe.each(BOTH_WAYS)("a node whose clock is apart from the store's by %s", (skew) => {
  it("lets a cookie in by its row, with what was ended a moment ago refused", async () => {
    const { right, word, node } = await scene(skew);
    const [one, other] = [await right.logIn("cookie"), await right.logIn("cookie")];
    expect(await word(one)).toBe("ok");
    expect(await word(other)).toBe("ok");
    await right.composed.engine.sessions.end({ sid: one.session.sid }, FROM);
    expect(await word(one)).toBe("ended");
    expect(await word(other)).toBe("ok");
    await right.composed.engine.sessions.endAll("ann" as UserId, null, FROM);
    expect(await word(other)).toBe("ended");
    expect(node.revocations.lapsed).toEqual({ asked: 5, apart: 5, unknown: 0 });
    expect(node.revocations.left()).toBeLessThanOrEqual(0);
  });

  it("reads the row and its user for each, whatever it remembers", async () => {
    const { right, wrong, word } = await scene(skew);
    const issued = await right.logIn("cookie");
    await word(issued);
    wrong.asked.length = 0;
    await word(issued);
    expect(wrong.asked).toContain("sessions.find");
    wrong.people.set("ann", { id: "ann", roles: [], disabled: true });
    expect(await word(issued)).toBe("disabled");
  });

  it("says nothing of a session that has run out by one clock alone", async () => {
    const { right, wrong, word } = await scene(skew);
    const [issued, other] = [await right.logIn("cookie"), await right.logIn("cookie")];
    const both = (ms: number): void => {
      right.clock.set(ms);
      wrong.clock.set(ms);
    };
    both(7 * DAY - 30 * MINUTE);
    expect(await word(issued)).toBe(skew > 0 ? "store_unavailable" : "ok");
    both(MINUTE * 60);
    expect(await word(other)).toBe(skew > 0 ? "idle" : "store_unavailable");
  });

  it("notes no activity that lies in the future of either clock", async () => {
    const { right, word, node } = await scene(skew);
    const issued = await right.logIn("cookie");
    right.clock.set(10 * MINUTE);
    await word(issued);
    await node.engine.sessions.list("ann" as UserId).catch(() => null);
    const found = await right.composed.engine.store.sessions.find(issued.session.sid);
    expect(found?.session.lastSeenAt).toBeLessThanOrEqual(right.clock.now());
  });

  it("says of a token what both clocks say", async () => {
    const [short, long] = [await scene(skew), await scene(skew / 6 + Math.sign(skew), "1h")];
    expect(await short.word(await short.right.logIn("token"))).toBe("store_unavailable");
    const token = await long.right.logIn("token");
    // Ten minutes, of which it must have lived through by a clock that is behind.
    long.right.clock.set(11 * MINUTE);
    long.wrong.clock.set(11 * MINUTE);
    expect(await long.word(token)).toBe("ok");
    await long.right.composed.engine.sessions.end({ sid: token.session.sid }, FROM);
    expect(await long.word(token)).toBe("ended");
  });

  it("writes nothing by its clock: no login, no refresh, no end", async () => {
    const { right, wrong, node } = await scene(skew);
    const token = await right.logIn("token");
    const routes = createRoutes(node.engine);
    const auth = authFor(node, routes);
    const out = { code: "store_unavailable" };
    await expect(wrong.logIn("cookie")).rejects.toMatchObject(out);
    await expect(node.engine.tokens.refresh(refreshTokenOf(token), null, { ip: "", userAgent: "" })).rejects.toMatchObject(out);
    await expect(auth.end({ sid: token.session.sid })).rejects.toMatchObject(out);
    await expect(auth.end({ userId: "ann" })).rejects.toMatchObject(out);
    await expect(auth.changed("ann")).rejects.toMatchObject(out);
    expect(right.check(token)).toMatchObject({ ok: true });
  });
});

it("a node whose clock is right again decides from memory again", async () => {
  const { right, wrong, word, node } = await scene(60 * MINUTE);
  const issued = await right.logIn("cookie");
  expect(await word(issued)).toBe("ok");
  wrong.clock.set(-60 * MINUTE);
  expect(await word(issued)).toBe("ok");
  expect(node.revocations.left()).toBeGreaterThan(0);
  expect(wrong.clock.now()).toBe(instant(right.clock.now()));
});
