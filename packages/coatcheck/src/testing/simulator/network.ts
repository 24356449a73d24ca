import type { Dice } from "./dice.ts";
import type { Span } from "./machine.ts";
import type { Timeline } from "./timeline.ts";

/** What is wrong with the way between two machines in one run. */
export interface Weather {
  /** From then on messages arrive, once and soon. */
  readonly until: number;
  /** Share of messages that never arrive. */
  readonly loss: number;
  /** Share of messages that take up to `slow` milliseconds instead of a few. */
  readonly delayed: number;
  readonly slow: number;
  /** Share of messages that arrive twice. */
  readonly twice: number;
  /** Nothing passes. */
  readonly cuts: readonly Span[];
}

/** A way that loses, delays, doubles and reorders what is sent on it. */
export class Way {
  readonly #timeline: Timeline;
  readonly #dice: Dice;
  readonly #weather: Weather;
  readonly #cuts: Span[];

  constructor(timeline: Timeline, dice: Dice, weather: Weather) {
    this.#timeline = timeline;
    this.#dice = dice;
    this.#weather = weather;
    this.#cuts = [...weather.cuts];
  }

  cut(span: Span): void {
    this.#cuts.push(span);
  }

  send(arrive: () => void): void {
    this.#carry(arrive);
    if (this.#isBad() && this.#dice.chance(this.#weather.twice)) this.#carry(arrive);
  }

  #carry(arrive: () => void): void {
    const { loss, delayed, slow } = this.#weather;
    const bad = this.#isBad();
    const delay = bad && this.#dice.chance(delayed) ? this.#dice.between(0, slow) : this.#dice.between(0.5, 15);
    const at = this.#timeline.now + delay;
    const lost = bad && (this.#dice.chance(loss) || this.#isCut(this.#timeline.now) || this.#isCut(at));
    if (!lost) this.#timeline.at(at, arrive);
  }

  #isBad(): boolean {
    return this.#timeline.now < this.#weather.until;
  }

  #isCut(time: number): boolean {
    return this.#cuts.some(({ from, to }) => from <= time && time < to);
  }
}
