import { describe, expect, it } from "vitest";
import { seq } from "../../src/core/ids.ts";
import type { ClientId, Seq, Sid, UserId } from "../../src/core/ids.ts";
import type { LogEntry } from "../../src/core/ports.ts";
import { duration, instant } from "../../src/core/time.ts";
import type { Milliseconds } from "../../src/core/time.ts";
import { CLOCKS_APART, Follower } from "../../src/revocation/follower.ts";
import type { Answer, Heard, Question } from "../../src/revocation/follower.ts";
import { LogCopy } from "../../src/revocation/log-copy.ts";
import type { LogRange } from "../../src/revocation/log-copy.ts";
import { HandClocks } from "./clocks.ts";

/** A log, a process that follows it, and whoever carries questions and answers. */
class Scene {
  readonly clocks = new HandClocks();
  readonly follower = new Follower(this.clocks, new LogCopy(() => {}));
  log: { readonly entry: LogEntry; readonly mark: string }[] = [];
  #marks = 0;

  end(user: string): void {
    const at = seq(this.log.length + 1);
    this.#marks += 1;
    const entry: LogEntry = { kind: "user", key: user, seq: at, at: instant(0), expiresAt: instant(9e15) };
    this.log.push({ entry, mark: `mark ${this.#marks}` });
  }

  range(from: Seq): LogRange {
    const entries = this.log.map(({ entry }) => entry).filter((entry) => entry.seq > from);
    const markAt = (at: number): string | null => (at === 0 ? "" : (this.log[at - 1]?.mark ?? null));
    return { from, entries, head: seq(this.log.length), mark: markAt(this.log.length) ?? "", fromMark: markAt(from), incarnation: "one" };
  }

  answer(question: Question, now = this.clocks.wall()): Answer {
    return { ...this.range(question.from), lease: duration("5s"), now: instant(now), age: 0 as Milliseconds };
  }

  confirm(): Heard {
    const question = this.follower.ask();
    return this.follower.hear(question, this.answer(question));
  }

  knows(user: string): boolean {
    return this.follower.copy.table.ended({ sid: "s" as Sid, userId: user as UserId, clientId: "c" as ClientId, rsq: seq(0) });
  }
}

function following(): Scene {
  const scene = new Scene();
  scene.end("first");
  expect(scene.confirm()).toBe("renewed");
  return scene;
}

describe("a follower of the log", () => {
  it("reads everything first, and holds a lease then", () => {
    const scene = new Scene();
    scene.end("ann");
    expect(scene.follower.left()).toBeLessThanOrEqual(0);
    const question = scene.follower.ask();
    expect(question.from).toBe(0);
    expect(scene.follower.hear(question, scene.answer(question))).toBe("renewed");
    expect(scene.follower.left()).toBe(5_000);
    expect(scene.knows("ann")).toBe(true);
  });

  it("asks from where it is, and learns what is new", () => {
    const scene = following();
    scene.end("ann");
    expect(scene.follower.ask().from).toBe(1);
    expect(scene.confirm()).toBe("renewed");
    expect(scene.knows("ann")).toBe(true);
  });

  it("holds what it overhears, and no longer a lease for it", () => {
    const scene = following();
    scene.clocks.pass(4_000);
    scene.end("ann");
    scene.follower.overhear(scene.range(seq(1)));
    expect(scene.knows("ann")).toBe(true);
    expect(scene.follower.left()).toBe(1_000);
    expect(scene.follower.ask().from).toBe(2);
  });

  it("does not take news for all news: with a gap before them, its copy ends where it ended", () => {
    const scene = following();
    scene.end("missed");
    scene.end("ann");
    scene.follower.overhear(scene.range(seq(2)));
    expect(scene.knows("ann")).toBe(true);
    expect(scene.follower.ask().from).toBe(1);
    expect(scene.confirm()).toBe("renewed");
    expect(scene.knows("missed")).toBe(true);
  });

  it("is not set back by an answer that comes after a later one", () => {
    const scene = following();
    const early = scene.follower.ask();
    const answer = scene.answer(early);
    scene.clocks.pass(10);
    scene.end("ann");
    expect(scene.confirm()).toBe("renewed");
    expect(scene.follower.hear(early, answer)).toBe("late");
    expect(scene.follower.ask().from).toBe(2);
  });

  it("notices a store that lost writes, keeps what it knew, and reads everything again", () => {
    const scene = following();
    scene.end("lost");
    scene.confirm();
    scene.log.pop();
    expect(scene.confirm()).toBe("rolled_back");
    expect(scene.follower.left()).toBeLessThanOrEqual(0);
    expect(scene.confirm()).toBe("renewed");
    expect(scene.knows("lost")).toBe(true);
  });

  it("notices it even when the store has written as much again meanwhile", () => {
    const scene = following();
    scene.end("lost");
    scene.confirm();
    scene.log.pop();
    scene.end("ann");
    scene.end("bob");
    expect(scene.confirm()).toBe("rolled_back");
    expect(scene.confirm()).toBe("renewed");
    for (const user of ["lost", "ann", "bob"]) expect(scene.knows(user), user).toBe(true);
  });

  it("reads everything again when the store no longer has the position it is at, without an alarm", () => {
    const scene = following();
    scene.end("ann");
    const question = scene.follower.ask();
    expect(scene.follower.hear(question, { ...scene.answer(question), entries: [], fromMark: null })).toBe("again");
    expect(scene.follower.left()).toBeLessThanOrEqual(0);
    expect(scene.confirm()).toBe("renewed");
    expect(scene.knows("ann")).toBe(true);
  });

  it("reads everything again after a doubt: a wrong clock may have forgotten entries before their time", () => {
    const scene = following();
    scene.clocks.setWall(3_600_000);
    expect(scene.follower.left()).toBeLessThanOrEqual(0);
    expect(scene.follower.ask().from).toBe(0);
    expect(scene.confirm()).toBe("renewed");
    expect(scene.follower.ask().from).toBe(1);
  });

  it("says so when the clocks were doubted while the answer was on its way, and asks for everything", () => {
    const scene = following();
    const question = scene.follower.ask();
    scene.clocks.sleep(2_000, { wall: true, boot: false });
    expect(scene.follower.hear(question, scene.answer(question))).toBe("doubted");
    expect(scene.follower.ask().from).toBe(0);
  });

  it("gets no lease while its wall clock and the store's are far apart, and reads everything for each answer", () => {
    const scene = following();
    scene.clocks.pass(5_000);
    const first = scene.follower.ask();
    expect(first.from).not.toBe(0);
    expect(scene.follower.hear(first, scene.answer(first, scene.clocks.wall() + CLOCKS_APART + 1))).toBe("again");
    expect(scene.follower.leftApart()).toBeLessThanOrEqual(0);
    for (const apart of [CLOCKS_APART + 1, -1 - CLOCKS_APART]) {
      const question = scene.follower.ask();
      expect(question.from).toBe(0);
      expect(scene.follower.hear(question, scene.answer(question, scene.clocks.wall() + apart))).toBe("clocks_apart");
      expect(scene.follower.left()).toBeLessThanOrEqual(0);
      expect(scene.follower.leftApart()).toBeGreaterThan(0);
    }
    const question = scene.follower.ask();
    expect(scene.follower.hear(question, scene.answer(question, scene.clocks.wall() + CLOCKS_APART))).toBe("renewed");
  });
});
