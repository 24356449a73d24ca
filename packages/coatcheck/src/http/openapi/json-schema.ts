import { toJsonSchema, toJsonSchemaDefs } from "@valibot/to-json-schema";
import type { ConversionConfig } from "@valibot/to-json-schema";
import type * as v from "valibot";
import { keywordsOf } from "../rule.ts";

/** JSON Schema 2020-12, which is what OpenAPI 3.1 speaks. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Schemas that stand once in the description, by name, and are referred to. */
export type Named = Readonly<Record<string, v.GenericSchema>>;

export interface ToJsonSchema {
  /** What a schema that checks input, or types an answer, is in the description. */
  of(schema: v.GenericSchema): JsonSchema;
  named(): Readonly<Record<string, object>>;
}

export function createToJsonSchema(definitions: Named): ToJsonSchema {
  const config: ConversionConfig = {
    target: "draft-2020-12",
    typeMode: "input",
    definitions: { ...definitions },
    overrideRef: ({ referenceId }) => `#/components/schemas/${referenceId}`,
    // Said aloud: of all others a test holds that they have no member but those that are described.
    overrideSchema: ({ valibotSchema, jsonSchema }) =>
      valibotSchema.type === "loose_object" ? { ...jsonSchema, additionalProperties: true } : null,
    overrideAction: ({ valibotAction, jsonSchema }) => {
      const keywords = keywordsOf(valibotAction);
      return keywords === null ? null : { ...jsonSchema, ...keywords };
    },
  };
  return {
    of: (schema) => {
      const { $schema: _dialect, $defs: _named, ...json } = toJsonSchema(schema, config);
      return json;
    },
    named: () => toJsonSchemaDefs({ ...definitions }, config),
  };
}
