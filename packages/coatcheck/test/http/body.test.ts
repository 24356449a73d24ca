import { describe, expect, it } from "vitest";
import type { CoatcheckError } from "../../src/core/errors.ts";
import { MAX_BODY } from "../../src/core/limits.ts";
import { readForm, readJson } from "../../src/http/body.ts";

const JSON_TYPE = "application/json";
const FORM_TYPE = "application/x-www-form-urlencoded";

function post(body: BodyInit | null, type: string | null, headers: Record<string, string> = {}): Request {
  const request = new Request("http://localhost/", { method: "POST", body, headers, duplex: "half" } as RequestInit);
  if (type === null) request.headers.delete("content-type");
  else request.headers.set("content-type", type);
  return request;
}

const codeOf = async (reading: Promise<unknown>): Promise<string> => {
  const error = await reading.then(
    () => null,
    (thrown: unknown) => thrown as CoatcheckError & { error?: string },
  );
  return error?.code ?? error?.error ?? "nothing was thrown";
};

describe("a JSON body", () => {
  it.each([
    ["an object", '{"a":"b"}', { a: "b" }],
    ["blanks around", ' \n{"a" : 1 }\t', { a: 1 }],
    ["a colon, a quote and a backslash in a text", '{"a":"x\\":\\\\:","b":{"c:d":[]}}', { a: 'x":\\:', b: { "c:d": [] } }],
    ["one name at two depths", '{"a":{"a":[{"a":1},{"a":2}]}}', { a: { a: [{ a: 1 }, { a: 2 }] } }],
    ["an array: wrong by the schema, not by JSON", "[1]", [1]],
    ["null", "null", null],
  ])("%s is read", async (_, text, value) => {
    expect(await readJson(post(text, JSON_TYPE))).toEqual(value);
  });

  it.each([
    "application/json",
    "APPLICATION/JSON",
    "application/json; charset=utf-8",
    'application/json;charset="UTF-8"',
    "application/json ",
  ])("of type %s is read", async (type) => {
    expect(await readJson(post("{}", type))).toEqual({});
  });

  it.each([
    null,
    "",
    "text/plain",
    "text/plain; application/json",
    "application/json5",
    "application/jsonp",
    "application/problem+json",
    FORM_TYPE,
    "multipart/form-data; boundary=x",
    "application/json; charset=latin1",
    "application/json; v=1",
    "application/json, text/plain",
  ])("of type %s is refused", async (type) => {
    expect(await codeOf(readJson(post("{}", type)))).toBe("unsupported_media_type");
  });

  it("that is compressed is refused", async () => {
    expect(await codeOf(readJson(post("{}", JSON_TYPE, { "content-encoding": "gzip" })))).toBe("unsupported_media_type");
    expect(await readJson(post("{}", JSON_TYPE, { "content-encoding": "identity" }))).toEqual({});
  });

  it.each([
    ["no JSON", "{"],
    ["JSON with a comma too many", '{"a":1,}'],
    ["two values", "{} {}"],
    ["blanks alone", "  "],
    ["NaN", "NaN"],
    ["a byte order mark", "\ufeff{}"],
    ["a name twice", '{"a":1,"a":1}'],
    ["a name twice, one of them escaped", '{"a":1,"\\u0061":2}'],
    ["__proto__ twice", '{"__proto__":1,"__proto__":2}'],
    ["a name twice, further in", '{"a":[{"b":1,"b":2}]}'],
  ])("of %s is bad", async (_, text) => {
    expect(await codeOf(readJson(post(text, JSON_TYPE)))).toBe("bad_request");
  });

  it.each([
    ["an overlong form", [0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d]],
    ["half a character", [0x22, 0xe2, 0x82, 0x22]],
    ["a surrogate", [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ["UTF-16", [0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]],
  ])("in bytes that are no UTF-8 is bad: %s", async (_, bytes) => {
    expect(await codeOf(readJson(post(Uint8Array.from(bytes), JSON_TYPE)))).toBe("bad_request");
  });

  it("does not touch any prototype", async () => {
    const value = (await readJson(post('{"__proto__":{"polluted":true},"constructor":1}', JSON_TYPE))) as object;
    expect(Object.keys(value)).toEqual(["__proto__", "constructor"]);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it.each(["[", '{"a":'])("of nothing but %s is bad, however deep", async (opening) => {
    expect(await codeOf(readJson(post(opening.repeat(MAX_BODY / opening.length - 1), JSON_TYPE)))).toBe("bad_request");
  });

  it("may nest as deep as it fits", async () => {
    const depth = 30_000;
    expect(await readJson(post("[".repeat(depth) + "]".repeat(depth), JSON_TYPE))).toBeInstanceOf(Array);
  });

  it("never shows in the error what was sent", async () => {
    const error = await readJson(post('{"password":"hunter2"', JSON_TYPE)).catch((thrown: unknown) => thrown as Error);
    expect(JSON.stringify([(error as Error).message, (error as Error).cause ?? null, (error as CoatcheckError).details])).not.toContain(
      "hunter2",
    );
  });

  it("that is not there is undefined, whatever its type", async () => {
    expect(await readJson(post(null, null))).toBeUndefined();
    expect(await readJson(post("", "text/plain"))).toBeUndefined();
    expect(await readJson(post("", JSON_TYPE))).toBeUndefined();
  });
});

describe("the size of a body", () => {
  const text = (length: number): string => `"${"x".repeat(length - 2)}"`;

  it("may be 64 kB and not a byte more", async () => {
    expect(await readJson(post(text(MAX_BODY), JSON_TYPE))).toHaveLength(MAX_BODY - 2);
    expect(await codeOf(readJson(post(text(MAX_BODY + 1), JSON_TYPE)))).toBe("too_large");
  });

  it("is refused by its stated length alone", async () => {
    let pulled = false;
    const stream = new ReadableStream({ pull: () => void (pulled = true) }, { highWaterMark: 0 });
    expect(await codeOf(readJson(post(stream, JSON_TYPE, { "content-length": String(MAX_BODY + 1) })))).toBe("too_large");
    expect(pulled).toBe(false);
  });

  it.each([null, "10", "abc", "-1"])("is counted whatever length is stated (%s), and reading stops at the limit", async (length) => {
    let sent = 0;
    let cancelled = false;
    const stream = new ReadableStream(
      {
        pull(controller) {
          sent += 1;
          controller.enqueue(new Uint8Array(1_024).fill(0x20));
        },
        cancel: () => void (cancelled = true),
      },
      { highWaterMark: 0 },
    );
    expect(await codeOf(readJson(post(stream, JSON_TYPE, length === null ? {} : { "content-length": length })))).toBe("too_large");
    expect({ sent, cancelled }).toEqual({ sent: MAX_BODY / 1_024 + 1, cancelled: true });
  });

  it("that breaks off is bad", async () => {
    const stream = new ReadableStream({ pull: (controller) => controller.error(new Error("gone")) });
    expect(await codeOf(readJson(post(stream, JSON_TYPE)))).toBe("bad_request");
  });
});

describe("a form", () => {
  const fields = async (body: string): Promise<object> => Object.fromEntries(await readForm(post(body, FORM_TYPE)));

  it("has each field once; an empty one counts as absent", async () => {
    expect(await fields("grant_type=refresh_token&scope=&x=a%20b+c")).toEqual({ grant_type: "refresh_token", x: "a b c" });
  });

  it.each(["a=1&a=2", "a=1&a=1", "a=1&%61=2", "a=&a=1", "a=1&a="])("with a field twice is invalid_request: %s", async (body) => {
    expect(await codeOf(readForm(post(body, FORM_TYPE)))).toBe("invalid_request");
  });

  it.each([null, JSON_TYPE, "multipart/form-data; boundary=x", "text/plain"])("of type %s is refused", async (type) => {
    expect(await codeOf(readForm(post("a=1", type)))).toBe("unsupported_media_type");
  });

  it("of the type with a charset is read", async () => {
    expect((await readForm(post("a=1", `${FORM_TYPE};charset=UTF-8`))).get("a")).toBe("1");
  });

  it("that is too large is refused", async () => {
    expect(await codeOf(readForm(post(`a=${"x".repeat(MAX_BODY)}`, FORM_TYPE)))).toBe("too_large");
  });

  it("survives bad escapes", async () => {
    expect(await fields("a=%zz&b=%ff&__proto__=x")).toEqual(
      Object.fromEntries([
        ["a", "%zz"],
        ["b", "\ufffd"],
        ["__proto__", "x"],
      ]),
    );
  });
});
