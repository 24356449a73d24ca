import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomBytes } from "node:crypto";
import { coatcheck, memory, sqlite } from "../packages/coatcheck/src/index.ts";
import type { Auth, CoatcheckOptions, Verdict } from "../packages/coatcheck/src/index.ts";

export const COOKIE = "__Host-Http-coatcheck";

export interface World {
  readonly auth: Auth;
  /** Header values of one login on each carrier. */
  readonly cookie: string;
  readonly authorization: string;
  close(): Promise<void>;
}

const quiet = { info: () => {}, warn: () => {}, error: () => {} };

/** Coatcheck in an application with users of its own, on this store, with one person logged in on both carriers. */
export async function openWorld(on: "memory" | "sqlite" = "memory", more: Partial<CoatcheckOptions> = {}): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), "coatcheck-bench-"));
  const auth = await coatcheck({
    issuer: "https://id.example.com",
    store: on === "memory" ? memory() : sqlite(join(folder, "bench.db")),
    secret: randomBytes(32).toString("base64url"),
    users: { get: (id) => ({ id, roles: ["member"], disabled: false }) },
    // A token must outlive the run.
    accessTtl: "1h",
    log: quiet,
    ...more,
  });
  const world = {
    auth,
    cookie: await enterByCookie(auth, "42"),
    authorization: await enterByToken(auth, "42"),
    close: async () => {
      await auth.close();
      rmSync(folder, { recursive: true });
    },
  };
  for (const shown of [{ cookie: world.cookie }, { authorization: world.authorization }]) expectIn(await auth.check(shown));
  return world;
}

export async function enterByCookie(auth: Auth, userId: string): Promise<string> {
  const { setCookie } = await auth.start({ userId, amr: ["pwd"], carrier: "cookie" });
  return (setCookie ?? "").split(";", 1)[0] ?? "";
}

export async function enterByToken(auth: Auth, userId: string): Promise<string> {
  const { tokens } = await auth.start({ userId, amr: ["pwd"], carrier: "token" });
  return `Bearer ${tokens?.access_token ?? ""}`;
}

/** Nothing is timed that gives a wrong answer. */
export function expectIn(verdict: Verdict): void {
  if (!verdict.ok) throw new Error(`refused (${verdict.reason}), but must be let in`);
}

export function expectOut(verdict: Verdict): void {
  if (verdict.ok) throw new Error("let in, but must be refused");
}
