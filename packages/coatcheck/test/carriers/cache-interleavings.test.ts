import { describe, expect, it } from "vitest";
import { KnownSessions } from "../../src/carriers/cookie/known.ts";
import type { KnownSession } from "../../src/carriers/cookie/known-session.ts";
import type { Sid } from "../../src/core/ids.ts";
import type { MaybePromise } from "../../src/core/maybe.ts";
import type { Instant } from "../../src/core/time.ts";
import { SEED, TIMEOUT } from "../fuzz/runs.ts";
import { interleave } from "./interleavings.ts";
import type { Cache, CacheParts } from "./interleavings.ts";

const RUNS = 6_000;
const RUNS_OF_A_TWIN = 2_000;

describe(`the cache of sessions under random interleavings (FUZZ_SEED=${SEED})`, () => {
  it(
    "tells nobody what was over before they asked, and keeps nothing stale",
    async () => {
      const { faults, late, checks } = await interleave(RUNS, SEED);
      expect(faults.slice(0, 5)).toEqual([]);
      expect(checks).toBeGreaterThan(RUNS);
      expect(late).toBeGreaterThan(RUNS / 10); // else nothing was tried
    },
    TIMEOUT,
  );

  it("drops what is invalidated and asks no version: caught", async () => {
    const { faults } = await interleave(RUNS_OF_A_TWIN, SEED, (parts) => new DropsOnly(parts));
    expect(faults.some((it) => it.startsWith("what stays"))).toBe(true);
  });

  it("reads the log's head after the row: caught", async () => {
    const { faults } = await interleave(RUNS_OF_A_TWIN, SEED, headAfterRow);
    expect(faults.some((it) => it.startsWith("what stays"))).toBe(true);
  });

  it("joins any read that is on its way: caught", async () => {
    const { faults } = await interleave(RUNS_OF_A_TWIN, SEED, (parts) => new JoinsBlindly(parts));
    expect(faults.some((it) => it.startsWith("what is told"))).toBe(true);
  });
});

/** Removes an entry when the log says something about it; a fill that was on its way puts the old one back. */
class DropsOnly implements Cache {
  readonly #parts: CacheParts;
  readonly #kept = new Map<Sid, KnownSession>();
  #told;

  constructor(parts: CacheParts) {
    this.#parts = parts;
    this.#told = parts.revocations.head;
  }

  get(sid: Sid): KnownSession | null {
    const kept = this.#kept.get(sid);
    const { revocations } = this.#parts;
    if (kept !== undefined) {
      const { userId, clientId } = kept;
      if (revocations.changedSince({ sid, userId, clientId, rsq: this.#told })) this.#kept.delete(sid);
    }
    this.#told = revocations.head;
    return this.#kept.get(sid) ?? null;
  }

  async read(sid: Sid, now: Instant): Promise<KnownSession | null> {
    const known = await new KnownSessions(this.#parts).read(sid, now);
    if (known !== null) this.#kept.set(sid, known);
    return known;
  }
}

function headAfterRow(parts: CacheParts): Cache {
  const { sessions, revocations } = parts;
  const find: typeof sessions.find = async (sid) => {
    const found = await sessions.find(sid);
    return found === null ? null : { ...found, head: revocations.head };
  };
  return new KnownSessions({ ...parts, sessions: { ...sessions, find } });
}

class JoinsBlindly implements Cache {
  readonly #real: KnownSessions;
  readonly #flights = new Map<Sid, MaybePromise<KnownSession | null>>();

  constructor(parts: CacheParts) {
    this.#real = new KnownSessions(parts);
  }

  get(sid: Sid, now: Instant): KnownSession | null {
    return this.#real.get(sid, now);
  }

  async read(sid: Sid, now: Instant): Promise<KnownSession | null> {
    const flight = this.#flights.get(sid) ?? this.#real.read(sid, now);
    this.#flights.set(sid, flight);
    const known = await flight;
    this.#flights.delete(sid);
    return known;
  }
}
