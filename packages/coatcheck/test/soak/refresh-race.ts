import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hrtime } from "node:process";
import type { Composed } from "../../src/compose.ts";
import { seq } from "../../src/core/ids.ts";
import type { Sid } from "../../src/core/ids.ts";
import { sqlite } from "../../src/stores/sqlite/index.ts";
import { ANYBODY, engineOn } from "../support/engine.ts";
import type { Round, Shown } from "./refresh-presenter.ts";

// Many processes show one refresh token at the same moment, again and again: each round must have one successor, and nobody may be logged out.

export interface RaceReport {
  readonly rounds: number;
  readonly shows: number;
  /** Rounds in which calls of two processes or more ran at the same time. */
  readonly overlapped: number;
  /** Shows that were told to wait (429): beyond 20 of one old token. */
  readonly toldToWait: number;
  readonly faults: readonly string[];
}

const PROCESSES = 5;
const HEAD_START = 2_000_000n;

export async function refreshRace(rounds: number, presenters: number, progress: (round: number) => void = () => {}): Promise<RaceReport> {
  const folder = await mkdtemp(join(tmpdir(), "coatcheck-race-"));
  const file = join(folder, "race.db");
  const composed = await engineOn({ store: sqlite(file), users: ANYBODY, options: { throttle: "off" } });
  const children = await Promise.all(Array.from({ length: PROCESSES }, () => startPresenter(file)));
  try {
    return await race(composed, children, rounds, presenters / PROCESSES, progress);
  } finally {
    for (const child of children) child.kill();
    await composed.close();
    await rm(folder, { recursive: true });
  }
}

async function race(
  composed: Composed,
  children: readonly ChildProcess[],
  rounds: number,
  each: number,
  progress: (round: number) => void,
): Promise<RaceReport> {
  const { engine } = composed;
  const device = { label: "", userAgent: "", ip: "" };
  const user = { id: "ann", roles: [], disabled: false };
  const logIn = () => engine.sessions.start({ user, rsq: seq(0), amr: ["pwd"], carrier: "token", device, data: null, replaces: null });
  const { session, shown } = await logIn();
  let token = shown.carrier === "token" ? shown.refreshToken : "";
  const report = { rounds, shows: 0, overlapped: 0, toldToWait: 0, faults: [] as string[] };

  for (let round = 0; round < rounds; round++) {
    // Every other round is one attempt that many tabs retry; the rest are tabs that know nothing of each other.
    const refreshId = round % 2 === 0 ? null : `attempt-${String(round).padStart(16, "0")}`;
    const bystander = await logIn();
    const racing = showEverywhere(children, { token, refreshId, presenters: each, at: String(hrtime.bigint() + HEAD_START) });
    await engine.sessions.end({ sid: bystander.session.sid }, { ip: "", why: "revoked" });
    const all = await racing;
    const successors = new Set(
      all
        .flat()
        .filter((it) => it.ok)
        .map((it) => it.answer),
    );
    const refusals = new Set(
      all
        .flat()
        .filter((it) => !it.ok)
        .map((it) => it.answer),
    );
    report.shows += all.flat().length;
    report.toldToWait += all.flat().filter((it) => it.answer === "too_often").length;
    if (overlap(all)) report.overlapped += 1;
    if (successors.size !== 1) report.faults.push(`round ${round}: ${successors.size} successors`);
    for (const reason of refusals)
      if (reason !== "too_often" || refreshId !== null) report.faults.push(`round ${round}: refused as ${reason}`);
    [token = token] = successors;
    progress(round + 1);
  }
  report.faults.push(...(await faultsOfTheEnd(composed, session.sid, rounds)));
  return report;
}

/** The session lives and has rotated once for each round; the log has the signing key, then the bystanders' ends, one for each round, and no gap. */
async function faultsOfTheEnd({ engine }: Composed, sid: Sid, rounds: number): Promise<string[]> {
  const faults: string[] = [];
  const session = await engine.sessions.find(sid);
  if (session === null) faults.push("the session has ended");
  else if (session.rotation.generation !== rounds) faults.push(`${session.rotation.generation} generations after ${rounds} rounds`);
  const log = await engine.store.feed.since(seq(0));
  const expected = (at: number): string => (at === 0 ? "invalidate-keys" : "sid");
  const wrong = log.entries.findIndex((entry, at) => entry.seq !== at + 1 || entry.kind !== expected(at) || entry.key === sid);
  if (wrong !== -1 || log.entries.length !== rounds + 1)
    faults.push(`the log has ${log.entries.length} entries, the first wrong one at ${wrong}`);
  return faults;
}

async function startPresenter(file: string): Promise<ChildProcess> {
  const child = fork(new URL("./refresh-presenter.ts", import.meta.url), [file], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  await once(child, "message");
  return child;
}

function showEverywhere(children: readonly ChildProcess[], round: Round): Promise<Shown[][]> {
  return Promise.all(
    children.map(async (child) => {
      const answered = once(child, "message");
      child.send(round);
      return (await answered)[0] as Shown[];
    }),
  );
}

function overlap(all: readonly (readonly Shown[])[]): boolean {
  const spans = all.flatMap((shown, process) => shown.map(({ from, to }) => ({ process, from: BigInt(from), to: BigInt(to) })));
  return spans.some((a) => spans.some((b) => a.process !== b.process && a.from < b.to && b.from < a.to));
}
