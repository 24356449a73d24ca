import { Ajv2020 } from "ajv/dist/2020.js";
import type { ValidateFunction } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import type { Document, Operation, Schema } from "./read.ts";

/** Holds answers against what the document promises. */
export interface Judge {
  /** What is wrong with an answer; empty if it is as described. */
  answer(operation: Operation, response: Response, text: string): readonly string[];
  /** Whether a body is one that the document says the operation takes. */
  takes(operation: Operation, body: unknown): boolean;
}

/** @param isStrict whether answers may hold nothing but what is described. The document leaves them open, so that members may come. */
export function judgeBy(document: Document, isStrict = true): Judge {
  const ajv = new Ajv2020({ strict: true, strictTypes: true, strictTuples: true, strictRequired: true, allErrors: true });
  formats.default(ajv);
  const compiled = new Map<Schema, ValidateFunction>();
  const compile = (schema: Schema, closing: boolean): ValidateFunction => {
    const known = compiled.get(schema);
    if (known !== undefined) return known;
    const whole = { ...schema, $defs: document.components.schemas };
    const local = JSON.parse(JSON.stringify(whole).replaceAll("#/components/schemas/", "#/$defs/")) as Schema;
    const made = ajv.compile(closing ? closed(local) : local);
    compiled.set(schema, made);
    return made;
  };

  return {
    takes: ({ body }, value) => body !== null && compile(body.schema, false)(value),
    answer({ responses }, response, text) {
      const described = responses.get(String(response.status));
      if (described === undefined) return [`${response.status} is not listed`];
      const complaints: string[] = [];
      for (const [name, header] of Object.entries(described.headers ?? {})) {
        const { required } = headerOf(document, header);
        if (required && !response.headers.has(name)) complaints.push(`${name} is missing`);
      }
      const cookies = response.headers.getSetCookie().length;
      if (cookies > 0 && described.headers?.["Set-Cookie"] === undefined && response.status < 400) complaints.push("a cookie is set");
      const [content] = Object.entries(described.content ?? {});
      const type = response.headers.get("content-type");
      if (content === undefined) return text === "" ? complaints : [...complaints, "a body where none is described"];
      if (type !== content[0]) return [...complaints, `the type is ${type}`];
      const validate = compile(content[1].schema, isStrict);
      if (!validate(type.includes("json") ? JSON.parse(text) : text)) complaints.push(ajv.errorsText(validate.errors));
      return complaints;
    },
  };
}

function headerOf({ components }: Document, header: unknown): { readonly required: boolean } {
  const name = (header as { $ref: string }).$ref.replace("#/components/headers/", "");
  return components.headers[name] as unknown as { readonly required: boolean };
}

/** The same, with every object closed that does not say that it is open. What an `allOf` adds only narrows. */
function closed(schema: unknown, narrows = false): Schema {
  if (typeof schema !== "object" || schema === null) return schema as Schema;
  if (Array.isArray(schema)) return schema.map((it) => closed(it)) as unknown as Schema;
  const inner = Object.entries(schema).map(([name, value]) => [
    name,
    name === "allOf" ? (value as unknown[]).map((it) => closed(it, true)) : closed(value),
  ]);
  const isObject = "properties" in schema && "type" in schema && !narrows && !("additionalProperties" in schema);
  return { ...Object.fromEntries(inner), ...(isObject ? { additionalProperties: false } : {}) };
}
