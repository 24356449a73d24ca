import { randomBytes } from "node:crypto";
import Database from "better-sqlite3";
import type { ClientId, Sid, UserId } from "../../../src/core/ids.ts";
import type { SigningKeyRecord, Store } from "../../../src/core/ports.ts";
import { duration, later } from "../../../src/core/time.ts";
import { sqlite } from "../../../src/stores/sqlite/index.ts";
import { newSession, newUser, NOW } from "../processes/records.ts";

/** Opens a store in a new file, with something in each table, nulls and letters from everywhere too. */
export async function filledStore(path: string, sessions = 60): Promise<Store> {
  const store = sqlite(path, { busyTimeout: duration("1ms") });
  await store.open();
  for (let at = 0; at < 12; at += 1) {
    const user = newUser({
      name: at === 3 ? "Zoë 🧥 \u0000 \\x '\"{NULL}" : "",
      roles: ["a", "ü"],
      disabled: at === 4,
      emailVerified: at % 2 === 0,
    });
    await store.users.create(user, "hash");
  }
  for (let at = 0; at < 3; at += 1) await store.clients.add(newClient(at), new Uint8Array(randomBytes(32)));
  await store.keys.change(() => ({ save: [newKey("kid-b", null), newKey("kid-a", new Uint8Array([0, 255, 92]))], remove: [] }), NOW);
  await fillSessions(store, path, sessions);
  await store.feed.append("global", "", NOW);
  await store.feed.append("client", "cli_gone", NOW);
  await store.feed.raiseAccessTtl(duration("10m"));
  await store.throttles.count([{ key: "somebody", limit: 5, window: duration("1h") }], NOW);
  for (let at = 0; at < 30; at += 1) {
    const who =
      at % 2 === 0 ? { userId: null, sid: null, carrier: null } : { userId: "u" as UserId, sid: "s" as Sid, carrier: "token" as const };
    await store.audit.append({ at: NOW, event: "sign_in_refused", ip: "::1", detail: { at }, ...who });
  }
  return store;
}

/** Most of them past the ports, which write one at a time. */
async function fillSessions(store: Store, path: string, count: number): Promise<void> {
  const [first, second, cut] = [
    newSession({ secretHash: new Uint8Array(randomBytes(32)) }),
    newSession({ data: { a: 1 } }),
    newSession({ userId: "cut" as UserId }),
  ];
  for (const session of [first, second, cut]) await store.sessions.start(session, null, NOW);
  await store.sessions.end({ sid: first.sid }, NOW);
  await store.sessions.endAll("cut" as UserId, null, NOW);
  const db = new Database(path);
  const columns = (db.pragma("table_info(sessions)") as { name: string }[]).map(({ name }) => name).filter((name) => name !== "sid");
  const copy = db.prepare(`INSERT INTO sessions (sid, ${columns.join(", ")}) SELECT ?, ${columns.join(", ")} FROM sessions WHERE sid = ?`);
  db.transaction(() => {
    for (let at = 3; at < count; at += 1) copy.run(randomBytes(16).toString("base64url"), second.sid);
  })();
  db.close();
}

function newClient(at: number): Parameters<Store["clients"]["add"]>[0] {
  const id = `cli_${randomBytes(6).toString("hex")}` as ClientId;
  return { id, name: `Client ${at}`, scopes: ["read"], audiences: [], disabled: at === 1, createdAt: NOW };
}

function newKey(kid: string, sealed: Uint8Array | null): SigningKeyRecord {
  return {
    kid,
    alg: "ES256",
    publicJwk: "{}",
    sealed,
    createdAt: NOW,
    signsFrom: later(NOW, duration("1h")),
    revokedAt: sealed === null ? NOW : null,
  };
}
