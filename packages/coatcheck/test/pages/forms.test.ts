import { describe, expect, test } from "vitest";
import { readForm } from "../../src/pages/forms.ts";

const FORM = "application/x-www-form-urlencoded";
const SHAPE = { required: ["email", "password"], optional: ["name"] } as const;

function request(body: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null, contentType: string | null = FORM): Request {
  const headers = new Headers(contentType === null ? {} : { "content-type": contentType });
  // A stream needs `duplex` (Fetch, RequestInit), which the types do not know yet.
  const init = { method: "POST", headers, body, duplex: "half" };
  const made = new Request("http://localhost/", init);
  if (contentType === null) made.headers.delete("content-type");
  return made;
}

test("reads fields as they were typed", async () => {
  const result = await readForm(request("email=ada%40example.org&password=+a%2Bb%26c%3D%F0%9F%A7%A5+"), SHAPE);
  expect(result).toEqual({ ok: true, fields: { email: "ada@example.org", password: " a+b&c=🧥 " } });
});

test("keeps an equals sign in a value", async () => {
  expect(await readForm(request("email=a=b&password="), SHAPE)).toMatchObject({ fields: { email: "a=b", password: "" } });
});

test("a form without fields has an empty body, or none", async () => {
  expect(await readForm(request(""), { required: [] })).toEqual({ ok: true, fields: {} });
  expect(await readForm(request(null), { required: [] })).toEqual({ ok: true, fields: {} });
});

describe("the media type", () => {
  test.each([FORM, "Application/X-WWW-Form-Urlencoded", `${FORM};charset=UTF-8`, `${FORM}; charset="utf-8"`])(
    "%s is read",
    async (type) => {
      expect(await readForm(request("email=&password=", type), SHAPE)).toMatchObject({ ok: true });
    },
  );

  test.each([
    "application/json",
    "multipart/form-data; boundary=x",
    "text/plain",
    `${FORM}; charset=utf-16`,
    `${FORM}x`,
    `text/plain; ${FORM}`,
    null,
  ])("%s is 415", async (type) => {
    expect(await readForm(request("email=&password=", type), SHAPE)).toEqual({ ok: false, code: "unsupported_media_type" });
  });
});

describe("400 for", () => {
  test.each([
    ["a field twice", "email=a&email=a&password=b"],
    ["an unknown field", "email=a&password=b&role=admin"],
    ["__proto__", "email=a&password=b&__proto__=x"],
    ["a missing field", "email=a"],
    ["nothing at all", ""],
    ["an empty pair", "email=a&&password=b"],
    ["a broken percent sign", "email=%zz&password=b"],
    ["a cut percent sign", "email=a&password=b%2"],
    ["bytes that are not UTF-8", "email=%ff&password=b"],
    ["a lone surrogate", "email=%ed%a0%80&password=b"],
    ["a space that is not encoded", "email=a b&password=b"],
    ["a byte that is not ASCII", "email=ä&password=b"],
  ])("%s", async (_, body) => {
    expect(await readForm(request(body), SHAPE)).toEqual({ ok: false, code: "bad_request" });
  });
});

describe("the size", () => {
  const filled = (bytes: number): string => `email=${"a".repeat(bytes - "email=&password=".length)}&password=`;

  test("64 kB are read", async () => {
    expect(await readForm(request(filled(65_536)), SHAPE)).toMatchObject({ ok: true });
  });

  test("one byte more is 413", async () => {
    expect(await readForm(request(filled(65_537)), SHAPE)).toEqual({ ok: false, code: "too_large" });
  });

  test("an announced length is believed before the body is read", async () => {
    const big = request("email=&password=");
    big.headers.set("content-length", "65537");
    expect(await readForm(big, SHAPE)).toEqual({ ok: false, code: "too_large" });
  });

  test("a stream without end is given up", async () => {
    let cancelled = false;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(10_000).fill(97)),
      cancel: () => void (cancelled = true),
    });
    expect(await readForm(request(endless), SHAPE)).toEqual({ ok: false, code: "too_large" });
    expect(cancelled).toBe(true);
  });
});
