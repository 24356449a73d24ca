import { METRICS_TOKEN } from "./visitor.ts";
import type { HouseParts } from "../support.ts";
import { ANYBODY } from "../../support/engine.ts";

/** Set-ups whose tables of routes differ. */
export const SETUPS: readonly (readonly [what: string, parts: HouseParts])[] = [
  ["everything", {}],
  ["metrics", { metricsToken: METRICS_TOKEN }],
  ["sign-up closed", { options: { signUp: "closed" } }],
  ["users of the application's own", { users: ANYBODY }],
  ["a base path, and only sessions", { options: { basePath: "/login" }, groups: ["sessions"] }],
  ["only tokens", { groups: ["tokens"] }],
  ["an issuer with a path", { options: { issuer: "https://id.example.com/login" } }],
];
