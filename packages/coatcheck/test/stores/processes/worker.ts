import { randomBytes } from "node:crypto";
import { seq } from "../../../src/core/ids.ts";
import type { Seq, Sid, UserId } from "../../../src/core/ids.ts";
import type { RefreshDecision, SigningKeyRecord, Store } from "../../../src/core/ports.ts";
import { isLive } from "../../../src/core/session.ts";
import type { Found } from "../../../src/core/session.ts";
import { duration, later } from "../../../src/core/time.ts";
import { storeAt } from "./engines.ts";
import { newSession, newUser, NOW } from "./records.ts";

// A process that does tasks on a store, one at a time, each beginning at a given moment of the clock that all processes of a host share.

export interface Answers {
  open: { readonly incarnation: string; readonly head: Seq };
  close: null;
  logIn: readonly { readonly sid: Sid; readonly rsq: Seq; readonly began: string; readonly done: string }[];
  refresh: readonly { readonly kind: string; readonly began: string; readonly done: string }[];
  endAll: { readonly seq: Seq; readonly ended: number; readonly began: string; readonly done: string };
  rotateOnce: string;
  signUp: boolean;
  ensureKey: readonly string[];
  fail: null;
  /** How often there was room. */
  take: number;
}

interface Arguments {
  open: { readonly address: string };
  close: object;
  logIn: { readonly userId: UserId; readonly times: number };
  refresh: { readonly sid: Sid; readonly times: number };
  endAll: { readonly userId: UserId };
  rotateOnce: { readonly sid: Sid; readonly generation: number };
  signUp: { readonly email: string };
  ensureKey: { readonly alg: string };
  fail: { readonly key: string; readonly times: number };
  take: { readonly key: string; readonly limit: number; readonly times: number };
}

export type TaskName = keyof Answers;

export type Task<N extends TaskName> = { readonly name: N; readonly at?: string } & Arguments[N];

let store: Store;

async function timed<T>(work: () => Promise<T>): Promise<T & { readonly began: string; readonly done: string }> {
  const began = String(process.hrtime.bigint());
  const value = await work();
  return { ...value, began, done: String(process.hrtime.bigint()) };
}

/** One after the other. */
async function repeat<T>(times: number, work: () => Promise<T>): Promise<T[]> {
  const all: T[] = [];
  while (all.length < times) all.push(await work());
  return all;
}

const TASKS: { readonly [N in TaskName]: (task: Task<N>) => Promise<Answers[N]> } = {
  async open({ address }) {
    store = storeAt(address);
    await store.open();
    const { incarnation, head } = await store.feed.since(seq(0));
    return { incarnation, head };
  },

  async close() {
    await store.close();
    return null;
  },

  logIn: ({ userId, times }) =>
    repeat(times, () =>
      timed(async () => {
        const proof = await store.users.byId(userId);
        if (proof === null) throw new Error("no such user");
        const { session } = await store.sessions.start(newSession({ userId, rsq: proof.head }), null, NOW);
        return { sid: session.sid, rsq: session.rsq };
      }),
    ),

  refresh: ({ sid, times }) =>
    repeat(times, () => timed(async () => ({ kind: (await store.sessions.refresh(sid, rotateIfLive, NOW))?.decision.kind ?? "none" }))),

  endAll: ({ userId }) => timed(async () => await store.sessions.endAll(userId, null, NOW)),

  async rotateOnce({ sid, generation }) {
    const decide = (found: Found): RefreshDecision =>
      found.session.rotation.generation === generation ? rotateIfLive(found) : { kind: "replay", rotation: found.session.rotation };
    return (await store.sessions.refresh(sid, decide, NOW))?.decision.kind ?? "none";
  },

  signUp: async ({ email }) => (await store.users.create(newUser({ email }), "hash")) !== null,

  async ensureKey({ alg }) {
    const kid = randomBytes(6).toString("base64url");
    const key = { kid, alg, publicJwk: "{}", sealed: new Uint8Array(8), createdAt: NOW, signsFrom: NOW, revokedAt: null };
    const isMissing = (keys: readonly SigningKeyRecord[]): boolean => !keys.some((other) => other.alg === alg);
    return (await store.keys.change((keys) => (isMissing(keys) ? { add: [key] } : {}), NOW)).map((other) => other.kid);
  },

  async fail({ key, times }) {
    await repeat(times, async () => await store.throttles.count([{ key, limit: 1, window: duration("1m") }], NOW));
    return null;
  },

  async take({ key, limit, times }) {
    const rule = { key, limit, window: duration("1m") };
    const all = await repeat(times, async () => await store.throttles.take(rule, NOW));
    return all.filter((until) => until === null).length;
  },
};

function rotateIfLive(found: Found): RefreshDecision {
  if (!isLive(found)) return { kind: "refuse", reason: "ended" };
  const rotation = { generation: found.session.rotation.generation + 1, wonBy: null, rotatedAt: NOW, replays: 0 };
  return { kind: "rotate", rotation, lastSeenAt: NOW, idleExpiresAt: later(NOW, duration("1h")) };
}

async function answer<N extends TaskName>(task: Task<N>): Promise<void> {
  const start = BigInt(task.at ?? 0);
  while (process.hrtime.bigint() < start);
  try {
    process.send?.({ value: await TASKS[task.name](task) });
  } catch (error) {
    process.send?.({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}

process.on("message", (task: Task<TaskName>) => void answer(task));
