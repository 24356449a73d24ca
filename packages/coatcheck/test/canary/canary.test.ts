import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { formsOf } from "./forms.ts";
import { NeedleIndex } from "./index-of-needles.ts";

const found = (needles: readonly string[], hay: string): readonly string[] =>
  [...new NeedleIndex(needles.map((text) => ({ bytes: Buffer.from(text), of: text }))).search(Buffer.from(hay))].map(
    ({ of, at }) => `${of}@${at}`,
  );

describe("the search", () => {
  it("finds a needle at the start, in the middle, at the end, twice, and none that is cut off", () => {
    expect(found(["needle"], "needle")).toEqual(["needle@0"]);
    expect(found(["needle"], "a needle, a needle")).toEqual(["needle@2", "needle@12"]);
    expect(found(["needle"], "a needl")).toEqual([]);
    expect(found(["needle"], "a needles")).toEqual(["needle@2"]);
  });

  it("finds each of several that begin alike or lie in one another", () => {
    expect(found(["secret", "secrets", "secretly"], "secretly")).toEqual(["secret@0", "secretly@0"]);
    expect(found(["abcdef", "cdefgh"], "abcdefgh")).toEqual(["abcdef@0", "cdefgh@2"]);
  });

  it("finds what a plain search finds, in any bytes", () => {
    const hay = randomBytes(20_000);
    const needles = Array.from({ length: 200 }, (_, at) => hay.subarray(at * 99, at * 99 + 8 + (at % 50)));
    const hits = new Set([...new NeedleIndex(needles.map((bytes) => ({ bytes, of: bytes }))).search(hay)].map(({ at }) => at));
    for (const needle of needles) expect(hits.has(hay.indexOf(needle))).toBe(true);
  });
});

describe("the forms of a secret", () => {
  const SECRET = randomBytes(33).toString("base64url");
  const finds = (written: string | Buffer): boolean => {
    const index = new NeedleIndex(formsOf(SECRET).map((bytes) => ({ bytes, of: SECRET })));
    return [...index.search(Buffer.from(written))].length > 0;
  };

  it.each([0, 1, 2, 3, 4])("are known in base64 of a text that it stands in, %i bytes from its start", (offset) => {
    const text = Buffer.from(`${"x".repeat(offset)}${SECRET}, and more`);
    for (const alphabet of ["base64", "base64url"] as const) expect(finds(text.toString(alphabet))).toBe(true);
  });

  it("are known in hexadecimal, in an address, in JSON, as bytes, and as it is", () => {
    const raw = Buffer.from(SECRET, "base64url");
    for (const bytes of [Buffer.from(SECRET), raw]) {
      expect(finds(bytes.toString("hex"))).toBe(true);
      expect(finds(bytes.toString("hex").toUpperCase())).toBe(true);
      expect(finds(bytes)).toBe(true);
    }
    expect(finds(raw.toString("base64"))).toBe(true);
    const odd = 'a "quoted" päss/wörd & more';
    const index = new NeedleIndex(formsOf(odd).map((bytes) => ({ bytes, of: odd })));
    for (const written of [encodeURIComponent(odd), JSON.stringify(odd), odd])
      expect([...index.search(Buffer.from(written))]).toHaveLength(1);
  });

  it("are not found where it is not", () => {
    expect(finds(randomBytes(33).toString("base64url"))).toBe(false);
  });
});
