import { monitorEventLoopDelay } from "node:perf_hooks";
import { createHasher } from "../packages/coatcheck/src/accounts/hashing.ts";
import { coatcheck, memory } from "../packages/coatcheck/src/index.ts";
import { systemRandom } from "../packages/coatcheck/src/server/random.ts";
import { figure, quantile } from "./measure.ts";
import { atLeast, atMost, told } from "./report.ts";
import type { Extent, Row } from "./report.ts";

const ISSUER = "http://localhost:3000";
const CREDENTIALS = { email: "ada@example.com", password: "plum veranda 42" };
/** More than hash at once, fewer than are turned away. */
const AT_ONCE = 8;

/** Signing in as fast as it goes, and what those who are in notice of it. */
export async function signIn({ rounds, seconds }: Extent): Promise<readonly Row[]> {
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const auth = await coatcheck({ issuer: ISSUER, store: memory(), throttle: "off", log });
  const call = (method: string, path: string, headers: Record<string, string>, body: string | null): Promise<Response> =>
    auth.fetch(new Request(ISSUER + path, { method, headers, body }));
  const json = { "content-type": "application/json" };
  const arrived = await call("POST", "/auth/sign-up", json, JSON.stringify(CREDENTIALS));
  const cookie = (arrived.headers.getSetCookie()[0] ?? "").split(";", 1)[0] ?? "";
  const enter = async (): Promise<void> => expectStatus(200, await call("POST", "/auth/sign-in", json, JSON.stringify(CREDENTIALS)));
  const look = async (): Promise<void> => expectStatus(200, await call("GET", "/auth/me", { cookie }, null));

  const hasher = createHasher({ random: systemRandom });
  const phc = await hasher.hash(CREDENTIALS.password);
  const idle: Beside[] = [];
  const hashing: Beside[] = [];
  const entering: Beside[] = [];
  for (let round = 0; round < rounds; round++) {
    idle.push(await beside(look, () => pause(seconds * 1_000)));
    hashing.push(await beside(look, () => rate(() => hasher.verify(phc, CREDENTIALS.password), seconds)));
    entering.push(await beside(look, () => rate(enter, seconds)));
  }
  await auth.close();
  const middle = (of: readonly Beside[], what: keyof Beside): number => figure(of.map((round) => round[what])).median;
  const share = figure(entering.map(({ done }, round) => done / (hashing[round] as Beside).done));
  return [
    atLeast("sign-ins / pure hash rate", share.median, 0.9),
    told("… spread over the rounds", share.spread * 100, " %"),
    told("sign-ins", middle(entering, "done"), " /s"),
    told("hashes alone", middle(hashing, "done"), " /s"),
    atMost("p99 of /auth/me while people sign in / when nobody does", middle(entering, "p99") / middle(idle, "p99"), 2),
    told("p99 of /auth/me when nobody signs in (in process)", middle(idle, "p99"), " ms"),
    told("p99 of /auth/me while people sign in (in process)", middle(entering, "p99"), " ms"),
    atMost("event-loop delay p99 while people sign in", middle(entering, "delay"), 10, " ms"),
  ];
}

const pause = (ms: number): Promise<number> => new Promise((resolve) => setTimeout(resolve, ms, 0));

/** Calls a second, so many at once. */
async function rate(call: () => Promise<unknown>, seconds: number): Promise<number> {
  const began = performance.now();
  let done = 0;
  const one = async (): Promise<void> => {
    while (performance.now() - began < seconds * 1_000) {
      await call();
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  return done / ((performance.now() - began) / 1_000);
}

interface Beside {
  /** Calls a second of the work. */
  readonly done: number;
  /** How long a look took, and how late the event loop was, both at p99 in ms. */
  readonly p99: number;
  readonly delay: number;
}

/** What the work did, and what those notice who look every few milliseconds meanwhile: the hash alone has them beside it, too. */
async function beside(look: () => Promise<void>, work: () => Promise<number>): Promise<Beside> {
  const loop = monitorEventLoopDelay({ resolution: 1 });
  const taken: number[] = [];
  const state = { isOver: false };
  const looking = (async () => {
    while (!state.isOver) {
      const began = performance.now();
      await look();
      taken.push(performance.now() - began);
      await pause(5);
    }
  })();
  loop.enable();
  const done = await work();
  loop.disable();
  state.isOver = true;
  await looking;
  // The histogram holds the whole pause between two of its ticks, its own millisecond included.
  return { done, p99: quantile(taken, 0.99), delay: loop.percentile(99) / 1e6 - 1 };
}

function expectStatus(status: number, response: Response): void {
  if (response.status !== status) throw new Error(`${response.status} came, ${status} was expected`);
}
