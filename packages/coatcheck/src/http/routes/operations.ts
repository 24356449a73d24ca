import { ok } from "../answer.ts";
import { anybody } from "../route.ts";
import type { Route } from "../route.ts";

export const operationRoutes: readonly Route[] = [
  anybody({ group: "operations", method: "GET", path: "/healthz", summary: "The process lives", answer: () => ok({ status: "alive" }) }),
  anybody({
    group: "operations",
    method: "GET",
    path: "/readyz",
    summary: "It can serve: the store is in reach",
    answer: async ({ site }) => {
      await site.engine.store.ping();
      return ok({ status: "ready" });
    },
  }),
];
