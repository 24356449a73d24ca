import { describe, expect, it } from "vitest";
import { eventsOf, KEPT } from "../../src/core/events.ts";
import { StoreUnavailable } from "../../src/core/errors.ts";
import type { UserId } from "../../src/core/ids.ts";
import type { Clock, Store } from "../../src/core/ports.ts";
import { duration, instant } from "../../src/core/time.ts";
import { memory } from "../../src/index.ts";
import { createAuditTrail, REFUSALS_AN_HOUR, ROUTINE_AN_HOUR } from "../../src/observe/audit.ts";
import { createMetrics } from "../../src/observe/metrics.ts";
import { fakeClock } from "../../src/testing/index.ts";
import { engineOn, SILENT } from "../support/engine.ts";

describe("a flood of refusals, and of routine", () => {
  function trail(audit: Store["audit"]) {
    const clock = fakeClock();
    const metrics = createMetrics(() => 0);
    return { clock, metrics, trail: createAuditTrail({ audit, clock, log: SILENT, metrics }) };
  }
  const refusal = (userId: UserId | null) =>
    ({ event: "sign_in_refused", userId, sid: null, ip: "", carrier: null, detail: { reason: "wrong" } }) as const;
  const stored = async () => {
    const store = memory();
    await store.open();
    return store;
  };

  it("fills the trail to its bound, and hides neither deeds nor what names an account", async () => {
    const { audit } = await stored();
    const { trail: it } = trail(audit);
    for (let time = 0; time < REFUSALS_AN_HOUR.ofNobody + 9; time += 1) await it.write(refusal(null));
    await it.write(refusal("ada" as UserId));
    await it.write({ event: "sign_up", userId: "ada" as UserId, sid: null, ip: "", carrier: null, detail: {} });
    expect(await audit.list({ event: "sign_in_refused" }, 9_999)).toHaveLength(REFUSALS_AN_HOUR.ofNobody + 1);
    expect(await audit.list({ event: "sign_up" }, 9)).toHaveLength(1);
  });

  it("has a bound for what names an account, too", async () => {
    const { audit } = await stored();
    const { trail: it } = trail(audit);
    for (let time = 0; time < REFUSALS_AN_HOUR.ofAccounts + 9; time += 1) await it.write(refusal("ada" as UserId));
    expect(await audit.list({}, 99_999)).toHaveLength(REFUSALS_AN_HOUR.ofAccounts);
  });

  it("takes so many of what a busy client does all day, hides no other client, and counts the rest", async () => {
    const { audit } = await stored();
    const { clock, trail: it } = trail(audit);
    const issued = (clientId: string) =>
      ({
        event: "client_token_issued",
        userId: null,
        sid: null,
        ip: "",
        carrier: "token",
        detail: { clientId, scopes: [], audience: "x" },
      }) as const;
    for (let time = 0; time < ROUTINE_AN_HOUR + 1_000; time += 1) await it.write(issued("cli_busy"));
    await it.write(issued("cli_quiet"));
    const rows = async (clientId: string): Promise<number> =>
      (await audit.list({ event: "client_token_issued" }, 9_999)).filter(({ detail }) => detail["clientId"] === clientId).length;
    expect([await rows("cli_busy"), await rows("cli_quiet")]).toEqual([ROUTINE_AN_HOUR, 1]);
    clock.advance(60 * 60_000);
    await it.write(issued("cli_busy"));
    expect(await rows("cli_busy")).toBe(ROUTINE_AN_HOUR + 1);
    expect((await audit.list({ event: "audit_suppressed" }, 9)).map(({ detail }) => detail)).toEqual([
      { counts: { client_token_issued: 1_000 } },
    ]);
  });

  it("is summed up when its hour is over, whether or not more comes", async () => {
    const { audit } = await stored();
    const { clock, trail: it, metrics } = trail(audit);
    for (let time = 0; time < REFUSALS_AN_HOUR.ofNobody + 9; time += 1) await it.write(refusal(null));
    await it.tidy();
    expect(await audit.list({ event: "audit_suppressed" }, 9)).toEqual([]);
    clock.advance(60 * 60_000);
    await it.tidy();
    await it.tidy();
    const [sum, ...more] = await audit.list({ event: "audit_suppressed" }, 9);
    expect([sum?.detail, more]).toEqual([{ counts: { sign_in_refused: 9 } }, []]);
    expect(metrics.render()).toContain('coatcheck_audit_suppressed_total{event="sign_in_refused"} 9\n');
    await it.write(refusal(null));
    expect((await audit.list({ event: "sign_in_refused" }, 9_999)).length).toBe(REFUSALS_AN_HOUR.ofNobody + 1);
  });

  it("is summed up at the end of the process", async () => {
    const { audit } = await stored();
    const { trail: it } = trail(audit);
    for (let time = 0; time < REFUSALS_AN_HOUR.ofNobody + 1; time += 1) await it.write(refusal(null));
    await it.close();
    expect(await audit.list({ event: "audit_suppressed" }, 9)).toHaveLength(1);
  });

  it("undoes nothing when the trail can't be written: the log has it, and a metric", async () => {
    const events: string[] = [];
    const log = { ...SILENT, info: (event: string) => void events.push(event), error: (event: string) => void events.push(event) };
    const metrics = createMetrics(() => 0);
    const broken = { append: () => Promise.reject(new StoreUnavailable(new Error("disk full"))) } as unknown as Store["audit"];
    await createAuditTrail({ audit: broken, clock: fakeClock(), log, metrics }).write(refusal(null));
    expect(events).toEqual(["sign_in_refused", "audit_not_written"]);
    expect(metrics.render()).toContain("\ncoatcheck_audit_failures_total 1\n");
  });
});

/** A clock that leaps: the housekeeping runs once after each leap, and not for every minute of the months in between. */
function leapingClock(): { clock: Clock; skip: (ms: number) => Promise<void> } {
  let now = 1_800_000_000_000;
  const ticks = new Set<() => void>();
  return {
    clock: {
      now: () => instant(now),
      every: (_, tick) => {
        ticks.add(tick);
        return () => void ticks.delete(tick);
      },
    },
    skip: async (ms) => {
      now += ms;
      for (const tick of ticks) tick();
      for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
    },
  };
}

describe("retention", () => {
  it("keeps deeds, refusals and routine for as long as the table says, and not longer", async () => {
    const store = memory();
    const { clock, skip } = leapingClock();
    const { close } = await engineOn({ store, clock });
    const kinds = ["sign_up", "cross_origin", "client_token_issued"];
    for (const event of kinds)
      await store.audit.append({ at: clock.now(), event, userId: null, sid: null, ip: "", carrier: null, detail: {} });
    const names = async (): Promise<readonly string[]> =>
      (await store.audit.list({}, 99)).map((it) => it.event).filter((it) => kinds.includes(it));
    const day = duration("1d");
    await skip(KEPT.refusal - day);
    expect(await names()).toEqual(["client_token_issued", "cross_origin", "sign_up"]);
    await skip(2 * day);
    expect(await names()).toEqual(["sign_up"]);
    await skip(KEPT.deed - KEPT.refusal - 2 * day);
    expect(await names()).toEqual(["sign_up"]);
    await skip(2 * day);
    expect(await names()).toEqual([]);
    await close();
  });

  it("has a shorter time for every event that strangers can cause", () => {
    expect(KEPT.refusal).toBeLessThan(KEPT.deed);
    // The test above leaps to where both end.
    expect(KEPT.routine).toBe(KEPT.refusal);
    expect(eventsOf("refusal")).toEqual(expect.arrayContaining(["sign_in_refused", "sign_up_refused", "cross_origin", "ambiguous_cookie"]));
  });
});
