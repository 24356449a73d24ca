import { MIMEType } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CoatcheckError } from "../../src/core/errors.ts";
import { readForm, readJson } from "../../src/http/body.ts";
import { OAuthError } from "../../src/http/oauth-errors.ts";
import { validate } from "../../src/http/validate.ts";
import { ISSUER, openHouse } from "../http/support.ts";
import { IS_WHOLE, SEED, tries } from "./runs.ts";
import { asHeader, bent, headerText, wildText } from "./text.ts";

const JSON_TYPE = "application/json";
const FORM_TYPE = "application/x-www-form-urlencoded";

function sent(type: string, body: BodyInit): Request {
  return new Request(`${ISSUER}/x`, { method: "POST", body, headers: { "content-type": asHeader(type) } });
}

/** What was read, or the documented error; whatever else is thrown is a mistake of ours. */
async function outcome<T>(read: Promise<T>): Promise<{ readonly value: T } | { readonly code: string }> {
  try {
    return { value: await read };
  } catch (error) {
    if (error instanceof CoatcheckError) return { code: error.code };
    if (error instanceof OAuthError) return { code: error.error };
    throw error;
  }
}

describe(`types of bodies (FUZZ_SEED=${SEED})`, () => {
  const sound = fc.constantFrom(
    JSON_TYPE,
    FORM_TYPE,
    `${JSON_TYPE}; charset=utf-8`,
    `${FORM_TYPE};charset="UTF-8"`,
    "multipart/form-data; boundary=x",
  );
  const type = fc.oneof(bent(sound, ";", "charset=", "utf-16", '"', ",", " ", "+json", "/"), headerText);

  it("taken are those that node's own parser reads as the one type, in UTF-8", async () => {
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(type, async (it) => {
        for (const [own, read] of [
          [JSON_TYPE, await outcome(readJson(sent(it, "{}")))],
          [FORM_TYPE, await outcome(readForm(sent(it, "a=b")))],
        ] as const) {
          if (!("value" in read)) {
            expect(read.code).toBe("unsupported_media_type");
            continue;
          }
          taken++;
          const mime = new MIMEType(asHeader(it));
          expect(mime.essence).toBe(own);
          expect([...mime.params.keys()].filter((name) => name !== "charset")).toEqual([]);
          expect((mime.params.get("charset") ?? "utf-8").toLowerCase()).toBe("utf-8");
        }
      }),
      tries(2),
    );
    if (IS_WHOLE) expect(taken).toBeGreaterThan(0);
  });
});

describe(`what bodies hold (FUZZ_SEED=${SEED})`, () => {
  const junk = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    wildText.map((it) => Buffer.from(it)),
  );

  it("of any bytes: JSON or bad_request, never a guess at what was meant", async () => {
    await fc.assert(
      fc.asyncProperty(junk, async (bytes) => {
        const read = await outcome(readJson(sent(JSON_TYPE, bytes)));
        if ("code" in read) expect(read.code).toBe("bad_request");
        else
          expect(bytes.length === 0 ? undefined : JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes))).toEqual(read.value);
      }),
      tries(),
    );
  });

  it("of forms: each field once, as URLSearchParams reads it", async () => {
    const pair = fc.tuple(fc.constantFrom("token", "scope", "x", "__proto__", ""), fc.oneof(wildText, fc.constant("")));
    const form = fc
      .array(pair, { maxLength: 4 })
      .map((pairs) => new URLSearchParams(pairs.map(([name, value]) => [name, value.toWellFormed()])).toString());
    await fc.assert(
      fc.asyncProperty(fc.oneof(bent(form, "&", "=", "%", "%00", "+"), wildText), async (text) => {
        const read = await outcome(readForm(sent(FORM_TYPE, Buffer.from(text))));
        const pairs = [...new URLSearchParams(Buffer.from(text).toString())];
        const isTwice = new Set(pairs.map(([name]) => name)).size < pairs.length;
        if (isTwice) expect(read).toEqual({ code: "invalid_request" });
        else expect("value" in read && [...read.value]).toEqual(pairs.filter(([, value]) => value !== ""));
      }),
      tries(),
    );
  });

  it("of any JSON: fields that the schema of a route knows, or every wrong one named", async () => {
    const { routes } = await openHouse();
    const schemas = routes.table.flatMap(({ body, query }) => [body, query].filter((it) => it !== null));
    const schema = fc.constantFrom(...schemas);
    const input = schema.chain((it) => fc.tuple(fc.constant(it), fieldsFor(Object.keys(it.entries))));
    fc.assert(
      fc.property(input, ([it, value]) => {
        try {
          expect(Object.keys(it.entries)).toEqual(expect.arrayContaining(Object.keys(validate(it, value))));
        } catch (error) {
          if (!(error instanceof CoatcheckError)) throw error;
          expect(error.code).toBe("invalid_input");
          for (const { pointer, detail } of error.details.fields ?? []) {
            expect(pointer === "" || pointer.startsWith("/")).toBe(true);
            expect(detail).toMatch(/^(?:must|is) /);
          }
        }
      }),
      tries(2),
    );
  });
});

function fieldsFor(names: readonly string[]): fc.Arbitrary<unknown> {
  const name = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...names, "x") }, { weight: 1, arbitrary: wildText });
  const value = fc.oneof(wildText, fc.constantFrom("cookie", "token", "current", "true"), fc.jsonValue({ maxDepth: 1 }));
  return fc.oneof(
    { weight: 6, arbitrary: fc.dictionary(name, value, { maxKeys: 4, noNullPrototype: true }) },
    { weight: 1, arbitrary: fc.jsonValue() },
  );
}
