import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseJsonObject } from "../../src/crypto/json.ts";

const parse = (text: string): unknown => parseJsonObject(Buffer.from(text));
const nested = (depth: number, open: string, close: string): string => `{"a":${open.repeat(depth)}1${close.repeat(depth)}}`;

describe("strict JSON", () => {
  it("reads what JSON.parse reads", () => {
    const text = ' {"a" : [1, -2.5e3, true, null, "x\\"}:{\\\\", "\u{1f9e5}", "\\ud83e\\udde5"], "b:":{"c":{}}, "":0} ';
    expect(parse(text)).toEqual(JSON.parse(text));
  });

  it("reads any object as it was written", () => {
    const text = fc.oneof(fc.string(), fc.constantFrom('"', "\\", '\\\\"', ":", "{[", "\n\t", "é", "\u{1f9e5}", "\uffff"));
    const name = text.filter((it) => it !== "__proto__" && JSON.stringify(it) === `"${it}"`);
    const value = fc.letrec((self) => ({
      any: fc.oneof(
        { maxDepth: 4 },
        text,
        fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0), // JSON has no -0
        fc.constantFrom(null, true, false),
        fc.array(self("any")),
        fc.dictionary(name, self("any")),
      ),
    })).any;
    fc.assert(
      fc.property(fc.dictionary(name, value), (object) => {
        expect(parse(JSON.stringify(object))).toEqual(object);
      }),
    );
  });

  it.each([
    "",
    " ",
    "null",
    "1",
    '"a"',
    "[]",
    '[{"a":1}]',
    "true",
    "{",
    "}",
    '{"a"}',
    '{"a":1,}',
    "{'a':1}",
    '{"a":01}',
    '{"a":NaN}',
    '{"a":Infinity}',
    '{"a":1} x',
    '{"a":1}{"b":2}',
    '{"a":"\n"}',
    '{/**/"a":1}',
    '{"a":1',
  ])("refuses %j: no JSON object", (text) => {
    expect(parse(text)).toBeNull();
  });

  it.each([
    '{"a":1,"a":1}',
    '{"a":1,"b":2,"a":3}',
    '{"a":1,"\\u0061":2}',
    '{"x":{"a":1,"a":2}}',
    '{"x":[{"a":[],"a":[]}]}',
    '{"a":{"b":1},"a":{"b":1,"c":2}}',
    '{"":1,"":2}',
  ])("T10 refuses %j: one name twice", (text) => {
    expect(parse(text)).toBeNull();
  });

  it.each(['{"\\u0061":1}', '{"a\\n":1}', '{"\\"":1}', '{"\\\\" : 1}', '{"a":{"\\/":1}}', '{"a":"\\n","b\\t":1}'])(
    "T10 refuses %j: a name with an escape is a second spelling",
    (text) => {
      expect(parse(text)).toBeNull();
    },
  );

  it("is not misled as JSON.parse is by names with escapes that it met before", () => {
    JSON.parse('{"h":[],"\\\\":0}');
    expect(parse('{"h":1,"\\"":2}')).toBeNull();
  });

  it("is not misled by colons, brackets and quotes inside of strings", () => {
    expect(parse('{"a":"\\":{[,","b":"\\\\"}')).toEqual({ a: '":{[,', b: "\\" });
    expect(parse('{"a":":","a":"x"}')).toBeNull();
    expect(parse(`{"a":"${"[{".repeat(100)}"}`)).not.toBeNull();
  });

  it("T10 refuses a byte order mark and UTF-16", () => {
    expect(parse('\ufeff{"a":1}')).toBeNull();
    expect(parseJsonObject(Buffer.from('{"a":1}', "utf16le"))).toBeNull();
  });

  it.each([
    ["a lone byte", [0x80]],
    ["an overlong slash", [0xc0, 0xaf]],
    ["a surrogate in UTF-8", [0xed, 0xa0, 0x80]],
    ["beyond Unicode", [0xf4, 0x90, 0x80, 0x80]],
    ["cut short", [0xe2, 0x82]],
  ])("T10 refuses bad UTF-8: %s", (_, bytes) => {
    expect(parseJsonObject(Buffer.concat([Buffer.from('{"a":"'), Buffer.from(bytes), Buffer.from('"}')]))).toBeNull();
  });

  it.each(['{"a":"\\ud83e"}', '{"a":"\\udde5\\ud83e"}', '{"\\ud800":1}', '{"a":["x",{"b":"\\uDFFF"}]}'])(
    "T10 refuses %s: half a surrogate pair",
    (text) => {
      expect(parse(text)).toBeNull();
    },
  );

  it.each(['{"a":"\\u0000"}', '{"a\\u0000":1}', '{"a":"admin\\u0000x"}', '{"a":"\0"}'])("T10 refuses %j: NUL", (text) => {
    expect(parse(text)).toBeNull();
  });

  it.each(["1e400", "-1e400", "1e999999"])("T11 refuses the number %s", (number) => {
    expect(parse(`{"a":${number}}`)).toBeNull();
    expect(parse(`{"a":[{"b":${number}}]}`)).toBeNull();
  });

  it("T13 refuses nesting deeper than 32, the outer object included, before it is parsed", () => {
    for (const [open, close] of [
      ["[", "]"],
      ['{"a":', "}"],
    ] as const) {
      expect(parse(nested(31, open, close))).not.toBeNull();
      expect(parse(nested(32, open, close))).toBeNull();
      expect(parse(nested(20_000, open, close))).toBeNull();
    }
    expect(parse(`{"a":[${"[],".repeat(1_000)}[]]}`)).not.toBeNull(); // wide is not deep
    expect(parse("[".repeat(20_000))).toBeNull();
  });

  it("T15 refuses a member __proto__ at any depth, however it is spelled, and leaves Object.prototype alone", () => {
    const before = Object.getOwnPropertyNames(Object.prototype);
    for (const text of ['{"__proto__":{"roles":["admin"]}}', '{"a":{"__proto__":1}}', '{"a":[{"\\u005f_proto__":null}]}'])
      expect(parse(text)).toBeNull();
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
    expect((Object.prototype as Record<string, unknown>)["roles"]).toBeUndefined();
  });

  it("never throws, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        parseJsonObject(bytes);
      }),
    );
  });
});
