import { randomInt } from "node:crypto";
import type { Composed } from "../../src/compose.ts";
import { isPromise } from "../../src/core/maybe.ts";
import type { Verdict } from "../../src/core/verdict.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { fakeClock } from "../../src/testing/index.ts";
import { ANYBODY, engineOn } from "../support/engine.ts";

// Tokens that look alike are checked in random order by one process that remembers what it verified. Each verdict must be the one that a process
// gives that has never seen any other token.

const LOGINS = 16;
const DEVICE = { label: "", userAgent: "", ip: "" };

export interface CacheReport {
  readonly pairs: number;
  readonly tokens: number;
  readonly accepted: number;
  readonly faults: readonly string[];
}

export async function cacheConfusion(pairs: number): Promise<CacheReport> {
  const store = memory();
  const clock = fakeClock();
  const open = (): Promise<Composed> => engineOn({ store, clock, users: ANYBODY, options: { throttle: "off" } });
  const check = ({ engine }: Composed, token: string): string => said(engine.carriers.token.check(token, clock.now()));

  const first = await open();
  const genuine: string[] = [];
  for (let login = 0; login < LOGINS; login++) {
    const user = { id: `user-${login % 7}`, roles: [], disabled: false };
    const { shown } = await first.engine.sessions.start({
      ...{ user, rsq: first.revocations.head, amr: ["pwd"], carrier: "token", device: DEVICE, data: null, replaces: null },
    });
    if (shown.carrier === "token") genuine.push(shown.accessToken);
  }
  const tokens = [...genuine, ...genuine.flatMap((token) => lookalikes(token, pick(genuine)))];
  const alone = new Map<string, string>();
  for (const token of tokens) alone.set(token, check(await open(), token));

  const faults: string[] = [];
  let accepted = 0;
  const remembering = await open();
  for (let pair = 0; pair < pairs; pair++) {
    for (const token of [pick(genuine), pick(tokens)]) {
      const verdict = check(remembering, token);
      if (verdict !== alone.get(token)) faults.push(`pair ${pair}: ${verdict} instead of ${alone.get(token)} for ${token}`);
      if (verdict.startsWith("ok")) accepted += 1;
    }
  }
  await store.close();
  return { pairs, tokens: tokens.length, accepted, faults };
}

/** Parts of two tokens mixed, and one token with little changed: what a careless key of a cache takes for the same. */
function lookalikes(token: string, other: string): readonly string[] {
  const [head = "", body = "", signature = ""] = token.split(".");
  const [, otherBody = "", otherSignature = ""] = other.split(".");
  const middle = Math.floor(token.length / 2);
  return [
    `${head}.${body}.${otherSignature}`,
    `${head}.${otherBody}.${signature}`,
    `${head}.${body}.`,
    `${head}.${body}.${signature}A`,
    token.slice(0, middle) + (token[middle] === "A" ? "B" : "A") + token.slice(middle + 1),
    token.slice(0, -1) + (token.endsWith("A") ? "Q" : "A"),
    token.toLowerCase(),
    token.slice(0, 64),
    token.slice(-64),
  ];
}

function pick<T>(list: readonly T[]): T {
  return list[randomInt(list.length)] as T;
}

/** Whose it is, or why not. */
function said(verdict: Verdict | Promise<Verdict>): string {
  if (isPromise(verdict)) throw new TypeError("this store answers at once");
  if (!verdict.ok) return verdict.reason;
  const { principal, until } = verdict;
  return `ok ${principal.kind === "user" ? `${principal.userId} ${principal.sid}` : principal.clientId} ${until}`;
}
