import { expect, it } from "vitest";
import type { UserId } from "../../src/core/ids.ts";
import { instant } from "../../src/core/time.ts";
import { forgettingTime } from "../../src/revocation/forgetting.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { FROM, MINUTE, refused, world } from "../support/world.ts";

const HOUR = 60 * MINUTE;

/** Lets the housekeeping run to its end. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it.each([1, 5])("what has ended stays ended when the clock jumps ahead by hours, for %i minutes, and back", async (minutes) => {
  const store = memory();
  const it = await world({ store });
  const issued = await it.logIn("token");
  await it.composed.engine.sessions.end({ sid: issued.session.sid, userId: "ann" as UserId }, FROM);
  expect(it.check(issued)).toEqual(refused("ended"));
  it.clock.set(3 * HOUR);
  for (let minute = 0; minute < minutes; minute += 1) {
    it.clock.advance(MINUTE);
    await settle();
  }
  it.clock.set(-3 * HOUR - minutes * MINUTE);
  expect(it.check(issued)).toEqual(refused("ended"));
  // Neither this process nor the store has forgotten it.
  const other = await world({ store, clock: it.clock });
  expect(other.check(issued)).toEqual(refused("ended"));
});

it("the log is not kept for ever: once the clock has been right for a while, what has expired goes", async () => {
  const it = await world();
  const issued = await it.logIn("token");
  await it.composed.engine.sessions.end({ sid: issued.session.sid, userId: "ann" as UserId }, FROM);
  it.check(issued);
  for (let minute = 0; minute < 30; minute += 1) {
    it.clock.advance(MINUTE);
    await settle();
  }
  const { sid, userId, clientId, rsq } = issued.session;
  expect(it.composed.revocations.ended({ sid, userId, clientId, rsq })).toBe(false);
});

it("forgetting follows the clock, jumps back with it, and jumps ahead never", () => {
  const time = forgettingTime(instant(0), MINUTE);
  expect(time(instant(MINUTE))).toBe(MINUTE);
  expect(time(instant(10 * HOUR))).toBe(3 * MINUTE);
  expect(time(instant(10 * HOUR))).toBe(5 * MINUTE);
  expect(time(instant(2 * MINUTE))).toBe(2 * MINUTE);
});
