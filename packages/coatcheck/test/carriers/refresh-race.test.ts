import { expect, it } from "vitest";
import { refreshRace } from "../soak/refresh-race.ts";

it(
  "50 presenters in 5 processes at once: one successor in each round, nobody logged out, log without a gap",
  { timeout: 60_000 },
  async () => {
    const race = await refreshRace(40, 50);
    console.log(`refresh race: ${race.shows} shows in ${race.rounds} rounds, calls of several processes overlapped in ${race.overlapped}`);
    expect(race.faults).toEqual([]);
    expect(race.shows).toBe(2_000);
    // A race that never was one proves nothing.
    expect(race.overlapped).toBeGreaterThan(20);
  },
);
