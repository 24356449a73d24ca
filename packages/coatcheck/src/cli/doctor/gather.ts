import type { ServerConfig } from "../../config/read.ts";
import { CoatcheckError } from "../../core/errors.ts";
import { seq } from "../../core/ids.ts";
import { usableKeys } from "../../core/key-schedule.ts";
import type { SigningKeyRecord, Store } from "../../core/ports.ts";
import { duration, instant } from "../../core/time.ts";
import type { Milliseconds } from "../../core/time.ts";
import { algorithm } from "../../crypto/algorithms.ts";
import { deriveSecrets } from "../../crypto/secrets.ts";
import { unsealSigningKey } from "../../crypto/signing.ts";
import { systemClock } from "../../server/clock.ts";
import { storeErrorOf } from "../../server/start-error.ts";
import { isPostgres, storeFor, storePath } from "../../server/store.ts";
import { databaseFacts } from "../../stores/postgres/facts.ts";
import type { Facts, FileFacts, KeyFacts, ServerFacts, StoreFacts } from "./facts.ts";
import { fileFacts } from "./files.ts";
import { secretFacts } from "./secret.ts";

/** Looks at everything that the checks go by. Makes no store and no secret. */
export async function gather(config: ServerConfig): Promise<Facts> {
  const from = { clock: systemClock.now(), uptime: process.uptime() };
  const { facts: secret, masters } = secretFacts(config);
  const path = storePath(config.store);
  const file = path === null ? null : fileFacts(path);
  const database = isPostgres(config.store) ? await databaseFacts(config.store) : null;
  const isThere = (file ?? database)?.isThere === true;
  const opened = isThere ? await storeFacts(config.store, masters) : { problem: null, store: null };
  const server = await serverFacts(config);
  const now = systemClock.now();
  return {
    ...{ node: process.versions.node, now, config, secret, server, store: opened.store },
    jump: Math.round(now - from.clock - (process.uptime() - from.uptime) * 1_000) as Milliseconds,
    file: file === null ? null : { ...file, problem: file.problem ?? opened.problem },
    database: database === null ? null : { ...database, problem: database.problem ?? opened.problem },
  };
}

async function storeFacts(
  name: string,
  masters: readonly Uint8Array[],
): Promise<{ readonly problem: FileFacts["problem"]; readonly store: StoreFacts | null }> {
  const store = storeFor(name);
  try {
    await store.open();
    // Raises nothing, and yet is a write: whether the store can be written is seen by writing.
    await store.feed.raiseAccessTtl(duration("0s"));
    return { problem: null, store: await read(store, masters) };
  } catch (error) {
    const told = storeErrorOf(error, store);
    if (!(told instanceof Error) || (told === error && !(error instanceof CoatcheckError))) throw error;
    return { problem: told.message, store: null };
  } finally {
    await store.close();
  }
}

/** How many of those who are logged in are looked at. */
const LOOKED_AT = 100;

async function read(store: Store, masters: readonly Uint8Array[]): Promise<StoreFacts> {
  const records = await store.keys.list();
  const sessions = await store.sessions.recent(systemClock.now(), LOOKED_AT);
  const [event] = await store.audit.list({}, 1);
  const { entries } = await store.feed.since(seq(0));
  const times = [
    ...entries.map(({ at }) => at),
    ...sessions.map((it) => it.lastSeenAt),
    ...records.map((it) => it.createdAt),
    event?.at ?? 0,
  ];
  const latest = Math.max(0, ...times);
  return {
    latest: latest === 0 ? null : instant(latest),
    keys: usableKeys(records).map((key) => ({ kid: key.kid, alg: key.alg, signsFrom: key.signsFrom, opens: opens(key, masters) })),
    addresses: sessions.map(({ device }) => device.ip).filter((ip) => ip !== ""),
  };
}

function opens({ kid, alg: name, sealed }: SigningKeyRecord, masters: readonly Uint8Array[]): KeyFacts["opens"] {
  const alg = algorithm(name);
  if (masters.length === 0 || alg === undefined || sealed === null) return null;
  return deriveSecrets(masters).readers.some(({ sealKey }) => unsealSigningKey(alg, kid, sealed, sealKey) !== null);
}

const PATIENCE = duration("2s");

async function serverFacts({ host, port }: ServerConfig): Promise<ServerFacts> {
  // An address that means every network is reached at this machine's own.
  const at = { "0.0.0.0": "127.0.0.1", "::": "[::1]" }[host] ?? (host.includes(":") ? `[${host}]` : host);
  const url = `http://${at}:${port}`;
  try {
    const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(PATIENCE), redirect: "manual" });
    return { url, answer: await judge(answer) };
  } catch {
    return { url, answer: "none" }; // Nobody listens there, or not in HTTP.
  }
}

async function judge(answer: Response): Promise<ServerFacts["answer"]> {
  const body = await answer.text();
  if (answer.status === 200 && body.includes('"ready"')) return "ready";
  return answer.status === 503 && answer.headers.get("content-type") === "application/problem+json" ? "not_ready" : "another_program";
}
