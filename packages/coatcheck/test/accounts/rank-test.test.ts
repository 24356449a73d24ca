import { describe, expect, it } from "vitest";
import { judge } from "../soak/enumeration.ts";
import { mannWhitney, median } from "../soak/rank-test.ts";

/** `count` values without pattern from 0 to 1, the same in every run. */
function noise(count: number, seed: number): readonly number[] {
  let state = seed;
  return Array.from({ length: count }, () => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647);
}

describe("mannWhitney", () => {
  // Worked out by hand: U, its variance with the ties, and erfc(z / √2).
  it.each([
    [[1, 2, 3, 4, 5], [6, 7, 8, 9, 10], 0.00902],
    [[1, 2, 3, 4, 5], [1, 2, 3, 4, 5], 1],
    [[1, 3, 5, 7, 9], [2, 4, 6, 8, 10], 0.6015],
    [[1, 1, 2, 2], [2, 2, 3, 3], 0.06137],
    [[7, 7], [7, 7], 1],
  ])("of %j and %j is %d", (a, b, p) => {
    expect(mannWhitney(a, b)).toBeCloseTo(p, 3);
    expect(mannWhitney(b, a)).toBeCloseTo(p, 3);
  });

  it("sees a shift of a fifth of the noise in 400 pairs, and none where none is", () => {
    expect(mannWhitney(noise(400, 11), noise(400, 22))).toBeGreaterThan(0.01);
    const shifted = noise(400, 22).map((value) => value + 0.2);
    expect(mannWhitney(noise(400, 11), shifted)).toBeLessThan(0.001);
  });
});

it("takes the middle of the times, whatever their order", () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([9, 1, 5, 3])).toBe(4);
});

it("fails the soak for ranks that differ and for medians more than 5 % apart", () => {
  const pairs = 400;
  expect(judge("x", { p: 0.5, medians: [10, 10.4], pairs })).toMatchObject({ ok: true });
  expect(judge("x", { p: 0.009, medians: [10, 10.1], pairs })).toMatchObject({ ok: false });
  expect(judge("x", { p: 0.5, medians: [10, 10.6], pairs })).toMatchObject({ ok: false });
  expect(judge("x", { p: 0.5, medians: [10.6, 10], pairs }).line).toContain("TOLD APART");
});
