/** Randomness that a seed says: a run can be repeated to the last event. */
export interface Dice {
  /** In [0, 1). */
  roll(): number;
  between(low: number, high: number): number;
  chance(probability: number): boolean;
  /** The time to the next of events that come `mean` apart. */
  wait(mean: number): number;
  pick<T>(list: readonly T[]): T;
}

/** sfc32, by Chris Doty-Humphrey (PractRand, public domain): small, fast, and passes the usual batteries. */
export function dice(seed: number): Dice {
  let [a, b, c, count] = [0, 0, seed | 0, 1];
  const roll = (): number => {
    const sum = (a + b + count) | 0;
    count = (count + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let warmUp = 0; warmUp < 12; warmUp += 1) roll();
  return {
    roll,
    between: (low, high) => low + (high - low) * roll(),
    chance: (probability) => roll() < probability,
    wait: (mean) => -mean * Math.log(1 - roll()),
    pick: (list) => list[Math.floor(roll() * list.length)] as (typeof list)[number],
  };
}
