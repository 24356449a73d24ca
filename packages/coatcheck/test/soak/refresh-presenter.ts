import { hrtime } from "node:process";
import { sqlite } from "../../src/stores/sqlite/index.ts";
import { ANYBODY, engineOn } from "../support/engine.ts";

// One process of the refresh race: shows the same refresh token several times from a given moment on, and says what came of each and when.

export interface Round {
  readonly token: string;
  readonly refreshId: string | null;
  readonly presenters: number;
  /** When to begin, on the machine's monotonic clock in nanoseconds, as text. */
  readonly at: string;
}

export interface Shown {
  readonly ok: boolean;
  /** The successor, or the reason of the refusal. */
  readonly answer: string;
  readonly from: string;
  readonly to: string;
}

const { engine } = await engineOn({ store: sqlite(process.argv[2] as string), users: ANYBODY });

async function present(round: Round): Promise<Shown> {
  const from = hrtime.bigint();
  const refreshed = await engine.tokens.refresh(round.token, round.refreshId, { ip: "", userAgent: "", device: "" });
  const to = hrtime.bigint();
  const { ok } = refreshed;
  const answer = refreshed.ok ? (refreshed.issued.shown.carrier === "token" ? refreshed.issued.shown.refreshToken : "") : refreshed.reason;
  return { ok, answer, from: String(from), to: String(to) };
}

async function presentAll(round: Round): Promise<void> {
  const at = BigInt(round.at);
  // The barrier: a busy wait, since a timer would let the processes go a millisecond apart.
  while (hrtime.bigint() < at);
  process.send?.(await Promise.all(Array.from({ length: round.presenters }, () => present(round))));
}

process.on("message", (round: Round) => void presentAll(round));
process.send?.("ready");
