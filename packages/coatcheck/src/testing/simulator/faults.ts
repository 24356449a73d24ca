import type { Dice } from "./dice.ts";
import type { Hardware, Span } from "./machine.ts";
import type { Weather } from "./network.ts";

// What goes wrong in one run, drawn before it starts. Everything is mended at `until`.

/** How far a clock's rate may be off: what the bound allows for. */
const RATE_ERROR = 1e-3;

/** What a step may hide of a sleep and still be noticed, with a heartbeat's drift on top. */
const HIDDEN = 600;

const SOUND: Pick<Hardware, "steps" | "pauses" | "sleeps"> = { steps: [], pauses: [], sleeps: [] };

/**
 * One kind of trouble for each machine. A clock that is set back by just as much as the machine has slept hides the sleep from every clock, so that no
 * process can notice: that this doesn't happen is the assumption that the bound rests on.
 */
export function drawHardware(dice: Dice, until: number): Hardware {
  const sleeps = drawSpans(dice, until, 8_000, 6_000);
  const troubles = [
    SOUND,
    { ...SOUND, pauses: drawSpans(dice, until, 6_000, 3_000) },
    { ...SOUND, sleeps },
    { ...SOUND, sleeps, steps: drawStepsAfter(dice, sleeps) },
    { ...SOUND, steps: drawSteps(dice, until) },
  ];
  return {
    rate: dice.pick([1 - RATE_ERROR, 1, 1 + RATE_ERROR]),
    offset: dice.between(-60_000, 60_000),
    bootCountsSleep: dice.chance(0.5),
    ...dice.pick(troubles),
  };
}

export function drawWeather(dice: Dice, until: number): Weather {
  const cuts = dice.chance(0.7) ? drawSpans(dice, until, 7_000, 6_000) : [];
  return { until, loss: dice.pick([0, 0.05, 0.3]), delayed: dice.pick([0, 0.1]), slow: 4_000, twice: 0.05, cuts };
}

function drawSpans(dice: Dice, until: number, apart: number, long: number): Span[] {
  const spans: Span[] = [];
  for (let from = dice.wait(apart); from < until; from += dice.wait(apart)) {
    const to = Math.min(until, from + dice.wait(long));
    spans.push({ from, to });
    from = to;
  }
  return spans;
}

/** Set forwards and backwards, by up to eight seconds from where it stood at first. */
function drawSteps(dice: Dice, until: number): { at: number; by: number }[] {
  const steps = [];
  let wrong = 0;
  for (let at = dice.wait(5_000); at < until; at += dice.wait(5_000)) {
    const target = dice.between(-8_000, 8_000);
    steps.push({ at, by: target - wrong });
    wrong = target;
  }
  return steps;
}

/** Set on waking, but never by so much that the sleep is hidden. */
function drawStepsAfter(dice: Dice, sleeps: readonly Span[]): { at: number; by: number }[] {
  return sleeps.flatMap(({ from, to }) => {
    const by = dice.between(-8_000, 0);
    return Math.abs(to - from + by) > HIDDEN ? [{ at: to, by }] : [];
  });
}
