import { createConfig, lintFromString } from "@redocly/openapi-core";
import { describe, expect, it } from "vitest";
import { openHouse } from "../support.ts";
import { SETUPS } from "./setups.ts";

/** A host that a description may name: the linter takes example.com and localhost for placeholders that were forgotten. */
const ISSUER = "https://id.coatcheck.test";

const config = await createConfig({
  extends: ["recommended-strict"],
  rules: {
    "component-name-unique": "error",
    "no-http-verbs-in-paths": "error",
    "operation-singular-tag": "error",
    "operation-tag-defined": "error",
    "parameter-description": "error",
    "path-params-defined": "error",
    "paths-kebab-case": "error",
  },
});

async function lint(source: string): Promise<readonly string[]> {
  const found = await lintFromString({ source, config, absoluteRef: "openapi.json" });
  return found.map(({ ruleId, message, location }) => `${ruleId}: ${message} (${location[0]?.pointer})`);
}

/** The description as it is served at this issuer. */
async function served(options: Parameters<typeof openHouse>[0] = {}): Promise<string> {
  const issuer = options.options?.issuer?.replace("https://id.example.com", ISSUER) ?? ISSUER;
  const { routes, engine } = await openHouse({ ...options, options: { ...options.options, issuer } });
  const response = await routes.fetch(new Request(`${ISSUER}${engine.settings.basePath}/openapi.json`));
  return response.text();
}

describe("a strict linter that nobody here wrote", () => {
  it.each(SETUPS)("finds nothing: %s", async (_, parts) => {
    expect(await lint(await served(parts))).toEqual([]);
  });

  it("does find what is wrong", async () => {
    const text = await served();
    expect(await lint(text.replaceAll('"operationId":"signIn"', '"operationId":"signUp"'))).toContainEqual(
      expect.stringContaining("operation-operationId-unique"),
    );
    expect(await lint(text.replaceAll("schemas/Session", "schemas/Gone"))).toContainEqual(expect.stringContaining("no-unresolved-refs"));
    expect(await lint(text.replaceAll('"summary":"Sign in",', ""))).toContainEqual(expect.stringContaining("operation-summary"));
  });
});
