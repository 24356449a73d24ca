export { createMetricsSite } from "./routes/metrics.ts";
export { createRoutes } from "./routes.ts";
export type { Routes } from "./routes.ts";
export type { Handed, TokenResponse } from "./issued.ts";
export type { Peer } from "./call.ts";
export type { Note } from "./note.ts";
export type { Engine } from "./engine.ts";
export type { RouteGroup } from "./route.ts";
