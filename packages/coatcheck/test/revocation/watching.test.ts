import { describe, expect, it } from "vitest";
import { StoreUnavailable } from "../../src/core/errors.ts";
import { seq } from "../../src/core/ids.ts";
import type { ClientId, Sid, UserId } from "../../src/core/ids.ts";
import type { LogKind, Store } from "../../src/core/ports.ts";
import { duration, instant } from "../../src/core/time.ts";
import { Revocations } from "../../src/revocation/revocations.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { fakeClock } from "../../src/testing/index.ts";
import { SILENT } from "../support/engine.ts";
import { HandClocks } from "./clocks.ts";

const NOW = instant(1_800_000_000_000);
const EXPIRES = instant(NOW + 60_000);

async function setUp(under: "asking" | "a lease") {
  const store = memory();
  await store.open();
  const clocks = new HandClocks();
  const clock = fakeClock(NOW);
  let down = false;
  const far: Store["feed"] = {
    ...store.feed,
    moved: null,
    confirm: (...args) => {
      if (down) throw new StoreUnavailable("down");
      return store.feed.confirm(...args);
    },
  };
  const feed = under === "asking" ? store.feed : far;
  const revocations = new Revocations({ feed, clock, clocks, log: SILENT, bound: duration("5s"), holder: "me" });
  await revocations.open();
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 50) {
      clocks.pass(50);
      clock.advance(50);
      await turns();
    }
  };
  const closed: string[] = [];
  const watch = (sid: string, userId = "u"): (() => void) => {
    const standing = { sid: sid as Sid, userId: userId as UserId, clientId: "c" as ClientId, rsq: seq(1) };
    return revocations.watch({ standing, expiresAt: EXPIRES, close: (why) => void closed.push(`${sid} ${why}`) });
  };
  const append = async (kind: LogKind, key: string): Promise<void> => {
    await store.feed.append(kind, key, NOW);
    await turns();
  };
  await append("invalidate-user", "nobody");
  return { revocations, closed, watch, append, pass, cut: () => (down = true) };
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 30; turn += 1) await Promise.resolve();
}

describe.each(["asking", "a lease"] as const)("what is open for a session, under %s,", (under) => {
  it("closes when the session has ended, without anybody asking, and once", async () => {
    const { closed, watch, append, pass } = await setUp(under);
    watch("a");
    watch("b");
    await append("sid", "a");
    await pass(100);
    await append("sid", "a");
    await pass(100);
    expect(closed).toEqual(["a ended"]);
  });

  it.each([
    ["user", "u"],
    ["client", "c"],
    ["global", ""],
  ] as const)("closes at the cutoff of a %s", async (kind, key) => {
    const { closed, watch, append, pass } = await setUp(under);
    watch("a", "u");
    await append(kind, key);
    await pass(100);
    expect(closed).toEqual(["a ended"]);
  });

  it("stays open when somebody else ends, or something changes", async () => {
    const { closed, watch, append, pass } = await setUp(under);
    watch("a");
    await append("user", "another");
    await append("invalidate-user", "u");
    await append("sid", "b");
    await pass(100);
    expect(closed).toEqual([]);
  });

  it("closes at once if the session had ended before it was opened", async () => {
    const { revocations, closed, watch, append } = await setUp(under);
    await append("sid", "a");
    await revocations.read();
    watch("a");
    expect(closed).toEqual(["a ended"]);
  });

  it("closes when the session is as old as it may become", async () => {
    const { closed, watch, pass } = await setUp(under);
    watch("a");
    await pass(59_900);
    expect(closed).toEqual([]);
    await pass(350);
    expect(closed).toEqual(["a expired"]);
  });

  it("is forgotten when it closed by itself", async () => {
    const { closed, watch, append, pass } = await setUp(under);
    watch("a")();
    await append("sid", "a");
    await pass(100);
    expect(closed).toEqual([]);
  });
});

describe("what is open under a lease", () => {
  it("closes before the lease has run out, when the store can't be reached", async () => {
    const { revocations, closed, watch, pass, cut } = await setUp("a lease");
    watch("a");
    cut();
    await pass(4_500);
    expect(closed).toEqual([]);
    while (closed.length === 0) await pass(50);
    expect(closed).toEqual(["a unknown"]);
    expect(revocations.left()).toBeGreaterThanOrEqual(0);
  });
});
