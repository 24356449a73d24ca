import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CoatcheckError } from "../../src/core/errors.ts";
import { parseJsonObject } from "../../src/crypto/json.ts";
import { parseJson } from "../../src/http/json.ts";
import { readPlainly } from "./plain-json.ts";
import { IS_WHOLE, SEED, tries } from "./runs.ts";
import { bent, wildText } from "./text.ts";

const name = fc.oneof(fc.constantFrom("a", "b", "sub", "__proto__", "constructor", "é", ""), fc.string({ unit: "binary", maxLength: 4 }));
const value = fc.letrec((self) => ({
  any: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.string({ unit: "binary", maxLength: 6 }),
    fc.double(),
    fc.constantFrom(null, true, 0, "\0", "\ud800"),
    fc.array(self("any"), { maxLength: 3 }),
    fc.dictionary(name, self("any"), { maxKeys: 3, noNullPrototype: true }),
  ),
})).any;

/** JSON as it is written, members twice and escapes that nobody needs included. */
const written = fc.oneof(
  value.map((it) => JSON.stringify(it)),
  fc
    .array(fc.tuple(name, value), { maxLength: 4 })
    .map((all) => `{${all.map(([key, it]) => `${quoted(key)}:${JSON.stringify(it)}`).join(",")}}`),
  fc
    .tuple(fc.integer({ min: 28, max: 36 }), fc.constantFrom("[", '{"a":'))
    .map(([depth, open]) => `{"x":${open.repeat(depth)}1${(open === "[" ? "]" : "}").repeat(depth)}}`),
);

function quoted(key: string): string {
  return key.length % 2 === 0
    ? JSON.stringify(key)
    : `"${[...key].map((it) => `\\u${it.charCodeAt(0).toString(16).padStart(4, "0")}`).join("")}"`;
}

const PIECES = [
  '"',
  '"a":1',
  ',"a":2',
  "{",
  "}",
  "[",
  "]",
  ":",
  ",",
  "\\u0061",
  "\\ud800",
  "\\u0000",
  "1e999",
  "-",
  " ",
  "\ufeff",
  "/**/",
  "NaN",
];
const text = fc.oneof({ weight: 5, arbitrary: bent(written, ...PIECES) }, { weight: 1, arbitrary: wildText });

describe(`JSON against a second reader (FUZZ_SEED=${SEED})`, () => {
  it("of tokens: takes exactly the objects that have one reading", () => {
    let taken = 0;
    fc.assert(
      fc.property(text, (source) => {
        const sent = Buffer.from(source);
        const model = readPlainly(sent.toString());
        const sound = model !== null && model.doubts.size === 0 && isObject(model.value);
        const read = parseJsonObject(sent);
        if (read !== null) taken++;
        expect(read).toEqual(sound ? model.value : null);
      }),
      tries(3),
    );
    if (IS_WHOLE) expect(taken).toBeGreaterThan(0);
  });

  it("of tokens: takes no bytes that are not UTF-8", () => {
    fc.assert(
      fc.property(written, fc.nat(), fc.integer({ min: 0x80, max: 0xff }), (source, where, byte) => {
        const sent = Buffer.from(source);
        if (sent.length > 0) sent[where % sent.length] = byte;
        if (!sent.equals(Buffer.from(sent.toString()))) expect(parseJsonObject(sent)).toBeNull();
      }),
      tries(),
    );
  });

  it("of bodies: takes exactly what names each member once", () => {
    let taken = 0;
    fc.assert(
      fc.property(text, (source) => {
        const model = readPlainly(source);
        if (model === null || model.doubts.has("member twice")) {
          expect(() => parseJson(source)).toThrow(CoatcheckError);
        } else {
          taken++;
          expect(parseJson(source)).toEqual(model.value);
        }
      }),
      tries(3),
    );
    if (IS_WHOLE) expect(taken).toBeGreaterThan(0);
  });

  it("of either kind takes whatever JSON.parse and the second reader agree on", () => {
    fc.assert(
      fc.property(text, (source) => {
        const model = readPlainly(source);
        if (model === null) expect(() => JSON.parse(source) as unknown).toThrow(SyntaxError);
        else expect(model.value).toEqual(JSON.parse(source));
      }),
      tries(),
    );
  });
});

function isObject(it: unknown): boolean {
  return typeof it === "object" && it !== null && !Array.isArray(it);
}
