import { ok } from "../answer.ts";
import { aliveSchema, readySchema } from "../answers.ts";
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
    summary: "It can serve: the store is in reach",
    answers: { 200: { description: "It can.", body: readySchema } },
    refusals: ["store_unavailable"],
    answer: async ({ site }) => {
      await site.engine.store.ping();
      return ok({ status: "ready" });
    },
  }),
];
