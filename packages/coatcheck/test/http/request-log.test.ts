import { describe, expect, it } from "vitest";
import { StoreUnavailable } from "../../src/core/errors.ts";
import { memory } from "../../src/index.ts";
import { openHouse } from "./support.ts";
import type { House } from "./support.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const lines = ({ log }: House) =>
  log.filter(({ event }) => event === "request").map(({ level, fields }): Readonly<Record<string, unknown>> => ({ level, ...fields }));

describe("the log", () => {
  it("has one line for each request: what was asked, by its pattern, and what came of it", async () => {
    const house = await openHouse({ logRequests: true });
    await house.call("DELETE", `/auth/sessions/${"A".repeat(22)}?token=hunter2`, {
      headers: { traceparent: `00-${TRACE}-b7ad6b7169203331-01` },
    });
    const [line, ...more] = lines(house);
    expect(more).toEqual([]);
    expect(line).toEqual({
      level: "info",
      method: "DELETE",
      route: "/auth/sessions/{sid}",
      status: 401,
      ms: expect.any(Number),
      request: expect.stringMatching(/^[\w-]{8}-1$/),
      verdict: "absent",
      error: "unauthenticated",
      trace: TRACE,
    });
  });

  it("names a request as the proxy in front does, if that is a name, and else by itself, each once", async () => {
    const house = await openHouse({ logRequests: true });
    for (const id of ["7f-3.A_b", "a b", "x".repeat(65), 'a"}{"level":"error"', ""])
      await house.call("GET", "/auth/me", { headers: { "x-request-id": id } });
    const ids = lines(house).map((line) => line["request"] as string);
    expect(ids.filter((id) => id === "7f-3.A_b")).toHaveLength(1);
    const own = ids.filter((id) => id !== "7f-3.A_b");
    expect(new Set(own).size).toBe(own.length);
    for (const id of own) expect(id).toMatch(/^[\w-]{8}-\d+$/);
  });

  it("says what is no route, and a method that nobody knows, in no more words than these", async () => {
    const house = await openHouse({ logRequests: true });
    await house.call("BREW", "/pot/hunter2");
    expect(lines(house)).toMatchObject([{ method: "_OTHER", route: null, status: 404, error: "not_found" }]);
    expect(JSON.stringify(house.log)).not.toMatch(/pot|BREW/);
  });

  it("warns of what is our own fault, under the same name as the line that says why", async () => {
    const store = memory();
    const house = await openHouse({ logRequests: true, store });
    const ada = await house.arrive();
    Object.assign(store.sessions, {
      find: () => {
        throw new StoreUnavailable(new Error("gone"));
      },
    });
    await house.call("GET", "/auth/me", { headers: ada.headers });
    expect(lines(house).at(-1)).toMatchObject({ level: "warn", status: 503, error: "store_unavailable" });
    const why = house.log.find(({ event }) => event === "store_unavailable");
    expect(why?.fields["request"]).toBe(lines(house).at(-1)?.["request"]);
  });

  it("is not filled by probes as long as all is well", async () => {
    const house = await openHouse({ logRequests: true, metricsToken: "QbXy2w0tqkYpHk3t9m1cVZ" });
    await house.call("GET", "/healthz");
    await house.call("GET", "/readyz");
    await house.fetchText("/metrics", { authorization: "Bearer QbXy2w0tqkYpHk3t9m1cVZ" });
    expect(lines(house)).toEqual([]);
    await house.fetchText("/metrics", {});
    expect(lines(house)).toMatchObject([{ route: "/metrics", status: 401 }]);
  });

  it("has no such lines in an application, which has a log of its own", async () => {
    const house = await openHouse();
    await house.call("GET", "/auth/me");
    expect(lines(house)).toEqual([]);
  });
});
