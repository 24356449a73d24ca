import { coatcheck, sqlite } from "coatcheck";
import type { Auth } from "coatcheck";
import { people } from "./people";

const issuer = process.env["ISSUER"] ?? "http://localhost:3000";
// One for the process, made at the first request: Next loads this file once for each bundle, and `next build` must not open the store.
const shared: { coatcheck?: Promise<Auth> } = globalThis as object;

export const auth = (): Promise<Auth> =>
  (shared.coatcheck ??= coatcheck({ issuer, store: sqlite("data/app.db"), users: { get: (id) => people.get(id) ?? null } }));
