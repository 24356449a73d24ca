import type { House } from "../support.ts";

export type Schema = Readonly<Record<string, unknown>>;

export interface Response {
  readonly description: string;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
}

export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query";
  readonly required: boolean;
  readonly schema: Schema;
}

interface RawOperation {
  readonly operationId: string;
  readonly security: readonly Readonly<Record<string, unknown>>[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly required: boolean; readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
  readonly responses: Readonly<Record<string, Response>>;
}

export interface Document {
  readonly openapi: string;
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, RawOperation>>>>;
  readonly components: Readonly<Record<"schemas" | "headers" | "securitySchemes", Readonly<Record<string, Schema>>>>;
}

/** One operation, as whoever reads the document sees it. */
export interface Operation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  /** Names of the schemes that it takes, `""` for none. */
  readonly security: readonly string[];
  readonly parameters: readonly Parameter[];
  readonly body: { readonly type: string; readonly required: boolean; readonly schema: Schema } | null;
  readonly responses: ReadonlyMap<string, Response>;
}

/** The document as it is served. */
export async function descriptionOf({ routes, engine }: Pick<House, "routes" | "engine">): Promise<Document> {
  const { issuer, basePath } = engine.settings;
  const response = await routes.fetch(new Request(`${new URL(issuer).origin}${basePath}/openapi.json`));
  return (await response.json()) as Document;
}

export function operationsOf({ paths }: Document): readonly Operation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId, security, parameters = [], requestBody, responses }]) => {
      const [content] = Object.entries(requestBody?.content ?? {});
      return {
        id: operationId,
        method: method.toUpperCase(),
        path,
        security: security.map((it) => Object.keys(it)[0] ?? ""),
        parameters,
        body: content === undefined ? null : { type: content[0], required: requestBody?.required ?? false, schema: content[1].schema },
        responses: new Map(Object.entries(responses)),
      };
    }),
  );
}
