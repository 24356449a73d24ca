import { hrtime } from "node:process";
import type { Issued } from "../../src/carriers/carrier.ts";
import type { Sid, UserId } from "../../src/core/ids.ts";
import { sqlite } from "../../src/stores/sqlite/index.ts";
import { engineOn } from "../support/engine.ts";

// One process of a race between whoever keeps a session alive and whoever ends it: does one task from a given moment on, and says what came of it.

export type Ending = "sign-out" | "everywhere" | "password" | "disable";

export type Task =
  | { readonly kind: "rotate"; readonly refreshToken: string; readonly at: string }
  | {
      readonly kind: Ending;
      readonly sid: Sid;
      readonly userId: UserId;
      /** For a password: the session that stays, and the hash that the new one replaces. */
      readonly keep: Sid;
      readonly expect: string;
      readonly at: string;
    }
  | { readonly kind: "check"; readonly access: readonly string[]; readonly refresh: readonly string[] };

export interface Done {
  /** What a rotation gave; what a check let in. */
  readonly access: readonly string[];
  readonly refresh: readonly string[];
  readonly from: string;
  readonly to: string;
}

const ROTATIONS = 8;
const FROM = { ip: "", userAgent: "" };
const { engine } = await engineOn({ store: sqlite(process.argv[2] as string) });

/** Shows the newest refresh token again and again, as a thief does who wants to stay. */
async function rotate(token: string): Promise<Issued["shown"][]> {
  const shown: Issued["shown"][] = [];
  let newest = token;
  for (let round = 0; round < ROTATIONS; round++) {
    const refreshed = await engine.tokens.refresh(newest, null, FROM);
    if (!refreshed.ok) break;
    shown.push(refreshed.issued.shown);
    if (refreshed.issued.shown.carrier === "token") newest = refreshed.issued.shown.refreshToken;
  }
  return shown;
}

async function end(task: Extract<Task, { readonly sid: Sid }>): Promise<void> {
  const { sid, userId, keep, expect } = task;
  if (task.kind === "sign-out") await engine.sessions.end({ sid }, { ip: "", why: "sign_out" });
  else if (task.kind === "everywhere") await engine.sessions.endAll(userId, keep, { ip: "", why: "ended_everywhere" });
  else if (task.kind === "disable") await engine.store.users.setDisabled(userId, true, engine.clock.now());
  else {
    const kept = await engine.sessions.find(keep);
    if (kept === null || (await engine.sessions.changePassword(kept, { expect, passwordHash: `${expect}x` }, FROM)) === null)
      throw new Error("the password was not changed");
  }
}

async function check({ access, refresh }: Extract<Task, { readonly kind: "check" }>): Promise<Pick<Done, "access" | "refresh">> {
  const letIn: string[] = [];
  for (const token of access) if ((await engine.carriers.token.check(token, engine.clock.now())).ok) letIn.push(token);
  const renewed: string[] = [];
  for (const token of refresh) if ((await engine.tokens.refresh(token, null, FROM)).ok) renewed.push(token);
  return { access: letIn, refresh: renewed };
}

async function work(task: Task): Promise<Pick<Done, "access" | "refresh">> {
  if (task.kind === "check") return check(task);
  // The barrier: a busy wait, since a timer would let the processes go a millisecond apart.
  while (hrtime.bigint() < BigInt(task.at));
  if (task.kind !== "rotate") {
    await end(task);
    return { access: [], refresh: [] };
  }
  const tokens = (await rotate(task.refreshToken)).flatMap((it) => (it.carrier === "token" ? [it] : []));
  return { access: tokens.map((it) => it.accessToken), refresh: tokens.map((it) => it.refreshToken) };
}

process.on("message", (task: Task) => {
  const from = String(hrtime.bigint());
  void work(task).then((done) => process.send?.({ ...done, from, to: String(hrtime.bigint()) }));
});
process.send?.("ready");
