import { describe, expect, test } from "vitest";
import type { Instant } from "../../src/core/time.ts";
import { STYLESHEET } from "../../src/pages/styles.ts";
import { agoOf, dateOf, momentOf } from "../../src/pages/when.ts";
import { waitingTime } from "../../src/pages/words.ts";

const NOON = Date.UTC(2026, 10, 24, 12) as Instant;

/** The colours of each scheme, by name. */
const [LIGHT, DARK] = [...STYLESHEET.matchAll(/:root \{([^}]*)\}/g)].map(
  (root) =>
    new Map([...(root[1] as string).matchAll(/--([\w-]+): (#[0-9a-f]{6})/g)].map((match) => [match[1] as string, match[2] as string])),
) as [Map<string, string>, Map<string, string>];

/** WCAG 2.2, relative luminance. */
function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5]
    .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.040_45 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [dark, light] = [luminance(one), luminance(other)].toSorted((a, b) => a - b) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

describe.each([
  ["light", LIGHT],
  ["dark", DARK],
])("the %s colours", (_, colours) => {
  const between = (one: string, other: string): number => contrast(colours.get(one) as string, colours.get(other) as string);

  test.each([
    ["ink", "paper"],
    ["ink", "card"],
    ["ink", "tint"],
    ["soft", "paper"],
    ["soft", "card"],
    ["accent", "paper"],
    ["accent", "card"],
    ["accent", "tint"],
    ["accent-deep", "card"],
    ["on-accent", "accent"],
    ["on-accent", "accent-deep"],
    ["bad", "card"],
    ["bad", "bad-tint"],
  ])("let %s be read on %s (WCAG 1.4.3)", (one, other) => {
    expect(between(one, other)).toBeGreaterThanOrEqual(4.5);
  });

  test.each([
    ["edge", "card"],
    ["edge", "paper"],
    ["bad", "card"],
    ["accent", "paper"],
  ])("let the edge %s be seen on %s (WCAG 1.4.11)", (one, other) => {
    expect(between(one, other)).toBeGreaterThanOrEqual(3);
  });
});

describe("times in words", () => {
  const before = (milliseconds: number): string => agoOf(new Date(NOON - milliseconds).toISOString(), NOON).toString();

  test.each([
    [-60_000, "just now"],
    [0, "just now"],
    [119_999, "just now"],
    [120_000, "2 minutes ago"],
    [3_599_999, "59 minutes ago"],
    [3_600_000, "1 hour ago"],
    [86_399_999, "23 hours ago"],
    [86_400_000, "1 day ago"],
    [30 * 86_400_000 - 1, "29 days ago"],
  ])("%i ms before is %s", (milliseconds, words) => {
    expect(before(milliseconds)).toMatch(new RegExp(`^<time datetime="[^"]+">${words}</time>$`));
  });

  test("a month ago is a date", () => {
    expect(before(30 * 86_400_000)).toBe('on <time datetime="2026-10-25T12:00:00.000Z">25 October 2026</time>');
  });

  test("dates and moments are those of UTC, and say so where it matters", () => {
    expect(dateOf("2026-11-24T23:59:59.999Z").toString()).toContain(">24 November 2026<");
    expect(momentOf("2026-11-24T23:59:59.999Z").toString()).toContain(">24 November 2026, 23:59 UTC<");
  });

  test.each([
    [1, "1 second"],
    [89, "89 seconds"],
    [90, "2 minutes"],
    [840, "14 minutes"],
    [5_400, "2 hours"],
  ])("%i s to wait are %s", (seconds, words) => {
    expect(waitingTime(seconds)).toBe(words);
  });
});
