import { randomBytes } from "node:crypto";
import { coatcheck, memory } from "../../packages/coatcheck/src/index.ts";

export type Schema = Readonly<{
  $ref?: string;
  type?: string;
  format?: string;
  const?: string | boolean;
  default?: string;
  description?: string;
  examples?: readonly string[];
  enum?: readonly string[];
  items?: Schema;
  properties?: Readonly<Record<string, Schema>>;
  additionalProperties?: unknown;
  required?: readonly string[];
  anyOf?: readonly Schema[];
  allOf?: readonly Schema[];
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  pattern?: string;
}>;

interface Answer {
  readonly description: string;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
}

export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly security: readonly Readonly<Record<string, unknown>>[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly description?: string;
    readonly schema: Schema;
  }[];
  readonly requestBody?: { readonly required: boolean; readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
  readonly responses: Readonly<Record<string, Answer>>;
}

/** The API, as `/openapi.json` describes it. */
export interface Api {
  readonly server: string;
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly operations: readonly Operation[];
  readonly schemas: Readonly<Record<string, Schema>>;
  readonly schemes: Readonly<Record<string, { readonly description: string }>>;
}

interface OpenApi {
  readonly servers: readonly { readonly url: string }[];
  readonly tags: Api["tags"];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Omit<Operation, "method" | "path">>>>>;
  readonly components: { readonly schemas: Api["schemas"]; readonly securitySchemes: Api["schemes"] };
}

/** Asked of the library, as anybody would ask, with everything switched on that has routes of its own. */
export async function describedApi(): Promise<Api> {
  const issuer = "http://localhost:3000";
  const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const secret = randomBytes(32).toString("base64url");
  const auth = await coatcheck({ issuer, store: memory(), secret, metricsToken: secret, log: silent });
  const response = await auth.fetch(new Request(`${issuer}/openapi.json`));
  const { servers, tags, paths, components } = (await response.json()) as OpenApi;
  await auth.close();
  return {
    server: servers[0]?.url ?? issuer,
    tags,
    operations: Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ ...operation, path, method: method.toUpperCase() })),
    ),
    schemas: components.schemas,
    schemes: components.securitySchemes,
  };
}

/** The codes and names that an answer may say, in its order. */
export function codesOf({ content }: Answer): readonly string[] {
  const [media] = Object.values(content ?? {});
  const { code, error } = media?.schema.allOf?.[1]?.properties ?? {};
  return [...new Set([...(error?.enum ?? []), ...(code?.enum ?? [])])];
}
