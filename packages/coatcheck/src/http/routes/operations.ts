import { ok } from "../answer.ts";
import { aliveSchema, descriptionSchema, readySchema } from "../answers.ts";
import type { OpenApiDocument } from "../openapi/document.ts";
import { anybody } from "../route.ts";
import type { Route } from "../route.ts";

export const operationRoutes: readonly Route[] = [
  anybody({
    group: "operations",
    method: "GET",
    path: "/healthz",
    id: "getHealth",
    tag: "Operations",
    summary: "The process lives",
    answers: { 200: { description: "It does.", body: aliveSchema } },
    answer: () => ok({ status: "alive" }),
  }),
  anybody({
    group: "operations",
    method: "GET",
    path: "/readyz",
    id: "getReadiness",
    tag: "Operations",
    summary: "It can serve: the store is in reach, and a lease is held where one is needed",
    answers: { 200: { description: "It can.", body: readySchema } },
    refusals: ["store_unavailable"],
    answer: async ({ site }) => {
      await site.engine.store.ping();
      await site.engine.revocations.sync();
      return ok({ status: "ready" });
    },
  }),
];

/** How long anybody may keep the description, in seconds. */
const DESCRIPTION_MAX_AGE = 300;

/** @param describe makes the description of the table that this row stands in; called once, when somebody first asks. */
export function descriptionRoute(describe: () => OpenApiDocument): Route {
  let document: OpenApiDocument | null = null;
  return anybody({
    group: "operations",
    method: "GET",
    path: "/openapi.json",
    id: "getDescription",
    tag: "Operations",
    summary: "This description (OpenAPI 3.1)",
    answers: { 200: { description: "Made from the schemas that check what comes in.", body: descriptionSchema } },
    answer: () => ({ ...ok((document ??= describe())), publicFor: DESCRIPTION_MAX_AGE }),
  });
}
