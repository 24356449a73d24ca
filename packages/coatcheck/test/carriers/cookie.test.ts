import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { UserId } from "../../src/core/ids.ts";
import { sqlite } from "../../src/stores/sqlite/index.ts";
import { fakeClock } from "../../src/testing/index.ts";
import { DAY, FROM, MINUTE, changed, closeWorlds, credential, refused, world } from "../support/world.ts";

describe("the cookie carrier alone", () => {
  it("lives as long as somebody is active, and no longer than the absolute limit", async () => {
    const it = await world();
    const issued = await it.logIn("cookie");
    for (let day = 6; day < 30; day += 6) {
      it.clock.advance(6 * DAY);
      expect(it.check(issued).ok, `day ${day}`).toBe(true);
    }
    it.clock.advance(6 * DAY - 1);
    expect(it.check(issued).ok).toBe(true);
    it.clock.advance(1);
    expect(it.check(issued)).toEqual(refused("expired"));
  });

  it("goes idle to the millisecond", async () => {
    const it = await world();
    const issued = await it.logIn("cookie");
    it.clock.advance(7 * DAY - 1);
    const second = await it.logIn("cookie");
    expect(it.check(issued).ok).toBe(true);
    it.clock.advance(7 * DAY);
    expect(it.check(second)).toEqual(refused("idle"));
  });

  it("takes nobody for idle who was active in another process", async () => {
    const folder = await mkdtemp(join(tmpdir(), "coatcheck-carriers-"));
    const [file, clock] = [join(folder, "two.db"), fakeClock()];
    const [one, two] = [await world({ store: sqlite(file), clock }), await world({ store: sqlite(file), clock })];
    const issued = await one.logIn("cookie");
    two.check(issued);
    clock.advance(7 * DAY - 2 * MINUTE);
    expect(one.check(issued).ok).toBe(true);
    clock.advance(10 * MINUTE);
    expect(two.check(issued).ok).toBe(true);
    await closeWorlds();
    await rm(folder, { recursive: true });
  });

  it("sees a changed role, and a disabled user, at the next check", async () => {
    const it = await world();
    const issued = await it.logIn("cookie");
    it.check(issued);
    it.people.set("ann", { id: "ann", roles: ["admin"], disabled: false });
    await changed(it, "ann");
    expect(it.check(issued)).toMatchObject({ ok: true, principal: { roles: ["admin"] } });
    it.people.set("ann", { id: "ann", roles: ["admin"], disabled: true });
    await changed(it, "ann");
    expect(it.check(issued)).toEqual(refused("disabled"));
  });

  it("is 75 characters", async () => {
    const it = await world();
    expect(credential(await it.logIn("cookie"))).toMatch(/^[\w-]{75}$/);
  });

  it("believes nothing for longer than the log keeps its entries", async () => {
    const it = await world();
    const issued = await it.logIn("cookie");
    it.check(issued);
    it.asked.length = 0;
    it.clock.advance(5 * MINUTE + 1);
    it.check(issued);
    expect(it.asked).toContain("sessions.find");
  });

  it("is spared by keep, on the same cookie", async () => {
    const it = await world();
    const [mine, other] = [await it.logIn("cookie"), await it.logIn("cookie")];
    it.check(mine);
    await it.composed.engine.sessions.endAll("ann" as UserId, mine.session.sid, FROM);
    expect(it.check(mine).ok).toBe(true);
    expect(it.check(other)).toEqual(refused("ended"));
  });
});
