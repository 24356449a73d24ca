import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seq } from "../../src/core/ids.ts";
import type { Sid } from "../../src/core/ids.ts";
import { instant } from "../../src/core/time.ts";
import { UNMARKED } from "../../src/revocation/marks.ts";
import { AgeingSidMarks } from "../../src/revocation/sids.ts";

const sids = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString("base64url") as Sid);

describe("marks of sessions", () => {
  it("say for each what a map would say", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(sids, fc.nat(1_000)), { maxLength: 400 }), fc.array(sids), (given, others) => {
        const marks = new AgeingSidMarks();
        const map = new Map<string, number>();
        for (const [sid, at] of given) {
          marks.raise(sid, seq(at), instant(1));
          map.set(sid, Math.max(at, map.get(sid) ?? UNMARKED));
        }
        for (const sid of [...map.keys(), ...others]) expect(marks.get(sid)).toBe(map.get(sid) ?? UNMARKED);
        expect(marks.size).toBe(map.size);
      }),
    );
  });

  it("tell sessions apart by every bit of their names", () => {
    const name = Buffer.alloc(16, 0b1010_0101);
    const marks = new AgeingSidMarks();
    marks.raise(name.toString("base64url"), seq(1), instant(1));
    for (let bit = 0; bit < 128; bit += 1) {
      const other = Buffer.from(name);
      other[bit >> 3] = (other[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(marks.get(other.toString("base64url")), `bit ${bit}`).toBe(UNMARKED);
    }
  });

  it("stay for as long as they were given, and go at last", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(sids, fc.nat(50)), { selector: ([sid]) => sid, minLength: 1 }), (given) => {
        const marks = new AgeingSidMarks();
        for (let now = 0; now <= 150; now += 1) {
          for (const [sid, at] of given) if (at === now) marks.raise(sid, seq(at), instant(at + 40));
          marks.prune(instant(now));
          for (const [sid, at] of given) if (at <= now && now <= at + 40) expect(marks.get(sid)).toBe(at);
        }
        marks.prune(instant(200));
        expect(marks.size).toBe(0);
      }),
    );
  });
});
