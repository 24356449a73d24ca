import { randomBytes } from "node:crypto";
import { writeSync } from "node:fs";
import { flushCompileCache } from "node:module";
import type { Seq, Sid, UserId } from "../../../src/core/ids.ts";
import { isLive } from "../../../src/core/session.ts";
import type { Found, SessionRecord } from "../../../src/core/session.ts";
import { duration, later } from "../../../src/core/time.ts";
import { storeAt } from "./engines.ts";
import { newSession, newUser, NOW } from "./records.ts";

// Writes to a store as fast as it can until it is killed. It says on its output that a call begins, and what is true when the call has answered.

/** What an answer has promised, in a form that stays true whatever is written later. */
export type Fact =
  | { readonly fact: "user"; readonly id: UserId; readonly atLeastHash: number }
  | { readonly fact: "session"; readonly sid: Sid; readonly atLeastGeneration: number }
  | { readonly fact: "ended"; readonly sid: Sid }
  | { readonly fact: "entry"; readonly seq: Seq; readonly key: string }
  | { readonly fact: "failures"; readonly key: string; readonly atLeast: number }
  | { readonly fact: "event"; readonly event: string };

/** One line of output. */
export type Line = { readonly begins: string } | { readonly done: readonly Fact[] };

/** What one life of this process may write at most: so that it ends even if nobody kills it. */
const MOST = 20_000;

interface Login {
  readonly sid: Sid;
  readonly user: { readonly id: UserId; hash: number };
}

async function write(address: string): Promise<void> {
  const store = storeAt(address);
  await store.open();
  const name = randomBytes(6).toString("base64url");
  const users: { readonly id: UserId; hash: number }[] = [];
  let logins: Login[] = [];
  let failures = 0;
  const any = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)] as T;
  const sessionFact = ({ sid, rotation }: SessionRecord): Fact => ({ fact: "session", sid, atLeastGeneration: rotation.generation });
  const alive = (found: Found | null): Found => {
    if (found === null || !isLive(found)) throw new Error("an answered login is not there");
    return found;
  };
  const gone = (those: readonly Login[]): Fact[] => {
    logins = logins.filter((login) => !those.includes(login));
    return those.map(({ sid }) => ({ fact: "ended", sid }));
  };

  const calls: Readonly<Record<string, () => Promise<readonly Fact[]>>> = {
    async signUp() {
      const user = newUser({});
      await store.users.create(user, "0");
      users.push({ id: user.id, hash: 0 });
      return [{ fact: "user", id: user.id, atLeastHash: 0 }];
    },
    async signIn() {
      const user = any(users);
      const replaced = Math.random() < 0.3 && logins.length > 1 ? any(logins) : null;
      const rsq = ((await store.users.byId(user.id)) as { head: Seq }).head;
      const { session } = await store.sessions.start(newSession({ userId: user.id, rsq }), replaced?.sid ?? null, NOW);
      logins.push({ sid: session.sid, user });
      return [sessionFact(session), ...(replaced === null ? [] : gone([replaced]))];
    },
    async refresh() {
      const rotate = ({ session: { rotation } }: Found) =>
        ({
          kind: "rotate",
          rotation: { ...rotation, generation: rotation.generation + 1 },
          lastSeenAt: NOW,
          idleExpiresAt: later(NOW, duration("1h")),
        }) as const;
      return [sessionFact(alive(await store.sessions.refresh(any(logins).sid, rotate, NOW)).session)];
    },
    async renew() {
      const renewal = { secretHash: null, authTime: NOW, amr: ["pwd"], lastSeenAt: NOW, idleExpiresAt: later(NOW, duration("1h")) };
      return [sessionFact(alive(await store.sessions.renew(any(logins).sid, renewal)).session)];
    },
    async changePassword() {
      const { sid, user } = any(logins);
      const renewal = { secretHash: null, authTime: NOW, amr: ["pwd"], lastSeenAt: NOW, idleExpiresAt: later(NOW, duration("1h")) };
      const change = { userId: user.id, expect: String(user.hash), passwordHash: String(user.hash + 1), keep: sid, renewal };
      const { session } = alive(await store.users.changePassword(change));
      user.hash += 1;
      const others = logins.filter((login) => login.user === user && login.sid !== sid);
      return [{ fact: "user", id: user.id, atLeastHash: user.hash }, sessionFact(session), ...gone(others)];
    },
    async signOut() {
      const login = any(logins);
      const { seq } = await store.sessions.end({ sid: login.sid }, NOW);
      return [{ fact: "entry", seq, key: login.sid }, ...gone([login])];
    },
    async signOutEverywhere() {
      const { user } = any(logins);
      const { seq } = await store.sessions.endAll(user.id, null, NOW);
      return [{ fact: "entry", seq, key: user.id }, ...gone(logins.filter((login) => login.user === user))];
    },
    async failure() {
      await store.throttles.count([{ key: name, limit: 1, window: duration("1h") }], NOW);
      failures += 1;
      return [{ fact: "failures", key: name, atLeast: failures }];
    },
    async event() {
      const event = randomBytes(9).toString("base64url");
      await store.audit.append({ at: NOW, event, userId: null, sid: null, ip: "", carrier: null, detail: {} });
      return [{ fact: "event", event }];
    },
  };

  for (let count = 0; count < MOST; count += 1) {
    const call = users.length === 0 ? "signUp" : logins.length === 0 ? "signIn" : any([...Object.keys(calls), "signIn", "signIn"]);
    say({ begins: call });
    say({ done: (await calls[call]?.()) ?? [] });
  }
}

/** Straight to the pipe, before going on: what is said has left this process even if it dies now. */
function say(line: Line): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

process.once("message", ({ address }: { address: string }) => void write(address));
// Whoever is killed saves no cache at its end: so save it now, and the next hundred writers load in a third of the time.
flushCompileCache();
process.send?.("ready");
