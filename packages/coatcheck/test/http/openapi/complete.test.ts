import { describe, expect, it } from "vitest";
import { ERRORS } from "../../../src/core/errors.ts";
import { OAUTH_ERRORS } from "../../../src/http/oauth-errors.ts";
import { rowOf } from "../../../src/http/openapi/refusals.ts";
import { openHouse } from "../support.ts";
import { read } from "../support.ts";
import { descriptionOf, operationsOf } from "./read.ts";
import { SETUPS } from "./setups.ts";
import { METRICS_TOKEN } from "./visitor.ts";

const METHODS = ["GET", "POST", "DELETE", "PUT", "PATCH"];

describe.each(SETUPS)("the description of %s", (_, parts) => {
  it("names every route that answers, and none that does not", async () => {
    const house = await openHouse(parts);
    const { routes, engine } = house;
    const described = operationsOf(await descriptionOf(house)).map(({ method, path }) => `${method} ${path}`);
    const { origin } = new URL(engine.settings.issuer);

    // Asked of the router, and not of the table that both are made from.
    const answered: string[] = [];
    const paths = new Set([...described, ...everyRoute].map((it) => it.split(" ")[1] as string));
    for (const path of paths) {
      for (const method of METHODS) {
        const at = `${origin}${engine.settings.basePath}${path.replaceAll(/\{\w+\}/g, "A".repeat(22))}`;
        const got = await read(await routes.fetch(new Request(at, { method })));
        const code = got.json.code as string | undefined;
        // Nothing of ours is shown, so a route of ours answers anything but these two.
        if (code !== "not_found" && code !== "method_not_allowed") answered.push(`${method} ${path}`);
      }
    }
    expect(described.toSorted()).toEqual(answered.toSorted());
    expect(described.length).toBe(new Set(described).size);
  });
});

const everyRoute = (await openHouse({ metricsToken: METRICS_TOKEN })).routes.table.map(({ method, path }) => `${method} ${path}`);

describe("the description", () => {
  it("says for every operation all that its row says, and each refusal at its status", async () => {
    const house = await openHouse({ metricsToken: METRICS_TOKEN });
    const byId = new Map(operationsOf(await descriptionOf(house)).map((it) => [it.id, it]));
    for (const route of house.routes.table) {
      const operation = byId.get(route.id);
      const statuses = [...Object.keys(route.answers), ...route.refusals.map((refusal) => String(rowOf(refusal).status)), "405"];
      expect([...(operation?.responses.keys() ?? [])].toSorted()).toEqual([...new Set(statuses), "default"].toSorted());
      for (const refusal of route.refusals) {
        const response = operation?.responses.get(String(rowOf(refusal).status));
        expect(JSON.stringify(response)).toContain(`"${refusal}"`);
      }
    }
  });

  it("uses every code that there is, and no name means two things", async () => {
    const { routes } = await openHouse();
    const used = new Set<string>([...routes.table.flatMap(({ refusals }) => refusals), "method_not_allowed", "internal"]);
    expect([...used].toSorted()).toEqual([...Object.keys(ERRORS), ...Object.keys(OAUTH_ERRORS)].toSorted());
    expect(Object.keys(OAUTH_ERRORS).filter((name) => name in ERRORS)).toEqual([]);
  });

  it("declares what shows who calls, and the headers that a client goes by", async () => {
    const { components } = await descriptionOf(await openHouse());
    expect(components).toMatchObject({
      securitySchemes: {
        cookie: { type: "apiKey", in: "cookie", name: "__Host-Http-coatcheck" },
        bearer: { type: "http", scheme: "bearer" },
      },
    });
    expect(Object.keys(components.headers).toSorted()).toEqual(["Allow", "Retry-After", "Set-Cookie", "WWW-Authenticate"]);
  });

  it("names the plain cookie on localhost", async () => {
    const house = await openHouse({ options: { issuer: "http://localhost:3000" } });
    expect((await descriptionOf(house)).components).toMatchObject({ securitySchemes: { cookie: { name: "coatcheck" } } });
  });

  it("may be kept for a while by anybody, and is read with any origin", async () => {
    const { call } = await openHouse();
    const got = await call("GET", "/openapi.json", { headers: { origin: "https://other.test" } });
    expect(got.status).toBe(200);
    expect(got.headers.get("cache-control")).toBe("public, max-age=300");
    expect(got.headers.get("content-type")).toBe("application/json");
  });

  it("tells of sign-up where it is closed, since it is there", async () => {
    const open = await descriptionOf(await openHouse());
    const closed = await descriptionOf(await openHouse({ options: { signUp: "closed" } }));
    expect(closed.paths["/auth/sign-up"]).toEqual(open.paths["/auth/sign-up"]);
  });
});
