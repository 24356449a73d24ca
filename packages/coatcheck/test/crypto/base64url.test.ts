import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as anywhere from "../../src/crypto/base64url.ts";
import * as node from "../../src/crypto/node-base64url.ts";

const { encodedLength } = anywhere;

// RFC 4648 §10, without its padding.
const WORDS = { "": "", f: "Zg", fo: "Zm8", foo: "Zm9v", foob: "Zm9vYg", fooba: "Zm9vYmE", foobar: "Zm9vYmFy" };

describe.each([
  ["of any runtime", anywhere],
  ["of node", node],
] as const)("base64url %s", (_, { decode, encode }) => {
  it.each(Object.entries(WORDS))("writes %j as %j and reads it back", (word, written) => {
    expect(encode(Buffer.from(word))).toBe(written);
    expect(Buffer.from(decode(written) as Uint8Array).toString()).toBe(word);
    expect(encodedLength(word.length)).toBe(written.length);
  });

  it("uses - and _ where base64 has + and /", () => {
    expect(encode(Uint8Array.of(0xfb, 0xff))).toBe("-_8");
    expect([...(decode("-_8") as Uint8Array)]).toEqual([0xfb, 0xff]);
    expect(decode("+/8")).toBeNull();
  });

  it("writes a view, not the memory around it", () => {
    expect(encode(Buffer.from("xfoox").subarray(1, 4))).toBe("Zm9v");
  });

  it.each([
    "Zg==",
    "Zg=",
    "Zm9v=",
    "Zm9v\n",
    "\nZm9v",
    " Zm9v",
    "Zm 9v",
    "Zm9v\0",
    "Zm9v?",
    "Zm9%76",
    "Zm9\u0076\u0301",
    "Żm9v",
    "Zm9v.",
    "Zm9,",
  ])("refuses %j", (text) => {
    expect(decode(text)).toBeNull();
  });

  it.each(["A", "Zm9vA", "____A"])("refuses %j: one character is no byte", (text) => {
    expect(decode(text)).toBeNull();
  });

  it("reads one spelling of each last byte: of 64 last characters, those that leave no bit over", () => {
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (const [stem, spellings] of [
      ["AAAA_", 4],
      ["AAAA__", 16],
      ["AAAA___", 64],
    ] as const) {
      const read = [...alphabet].filter((last) => decode(stem + last) !== null);
      expect(read.length).toBe(spellings);
      expect(read.map((last) => encode(decode(stem + last) as Uint8Array))).toEqual(read.map((last) => stem + last));
    }
  });
});

describe("the two readers of base64url", () => {
  const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const almost = fc.string({
    unit: fc.oneof({ weight: 60, arbitrary: fc.constantFrom(...LETTERS) }, fc.constantFrom(..."+/=. \n\0\u0100é")),
    maxLength: 40,
  });

  it("write the same, and read it back", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const text = node.encode(bytes);
        expect(anywhere.encode(bytes)).toBe(text);
        expect([...(anywhere.decode(text) as Uint8Array)]).toEqual([...bytes]);
      }),
    );
  });

  it("agree on what is none, and on every byte of what is", () => {
    fc.assert(
      fc.property(almost, (text) => {
        const [one, other] = [anywhere.decode(text), node.decode(text)];
        expect(one === null ? null : [...one]).toEqual(other === null ? null : [...other]);
      }),
      { numRuns: 5_000 },
    );
  });
});
