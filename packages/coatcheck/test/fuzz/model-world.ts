import { createHasher } from "../../src/accounts/hashing.ts";
import type { Composed } from "../../src/compose.ts";
import type { UserId } from "../../src/core/ids.ts";
import type { Store } from "../../src/core/ports.ts";
import { createRoutes } from "../../src/http/index.ts";
import type { Engine, Routes } from "../../src/http/index.ts";
import { systemRandom } from "../../src/server/random.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { sqlite } from "../../src/stores/sqlite/index.ts";
import { fakeClock } from "../../src/testing/index.ts";
import type { FakeClock } from "../../src/testing/index.ts";
import { temporary } from "../stores/open.ts";
import { engineOn } from "../support/engine.ts";
import { Model } from "./model.ts";
import type { Credential, Person } from "./model.ts";

const ISSUER = "http://localhost:3000";
export const PASSWORDS = ["plum veranda 42", "tulip anvil 77", "harbour violet 9"] as const;
const EMAILS = ["ada@example.com", "bob@example.com"];

/** Of the whole run: a hash takes longer than everything else together. */
const hashes = Promise.all(PASSWORDS.map((password) => createHasher({ random: systemRandom }).hash(password)));

/** What is defective, if anything is: the model must see it. */
export interface Defect {
  readonly store?: (store: Store) => Store;
  readonly engine?: (composed: Composed) => Engine;
}

export interface Got {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** The value of our cookie that was set; null if it was left alone, empty if it was cleared. */
  readonly ticket: string | null;
}

export interface Sent {
  readonly by?: Credential | undefined;
  readonly json?: Readonly<Record<string, unknown>>;
  readonly form?: Readonly<Record<string, string>>;
}

/** The real thing: one or more servers on one store, at one time. */
export interface Real {
  readonly clock: FakeClock;
  readonly store: Store;
  readonly nodes: readonly Routes[];
  /** What any of them said of mistakes of its own. */
  readonly alarms: string[];
  call(node: number, method: string, path: string, sent?: Sent): Promise<Got>;
  close(): Promise<void>;
}

/** How many servers stand on which store. */
export interface SetUp {
  readonly nodes: number;
  open(): { readonly stores: readonly Store[]; readonly remove: () => void };
}

export const ONE_ON_MEMORY: SetUp = { nodes: 1, open: () => ({ stores: [memory()], remove: () => {} }) };

export const TWO_ON_SQLITE: SetUp = {
  nodes: 2,
  open: () => {
    const folder = temporary();
    return { stores: [sqlite(folder.path("a.db")), sqlite(folder.path("a.db"))], remove: folder.remove };
  },
};

export async function openWorld(setUp: SetUp, defect: Defect = {}): Promise<{ readonly model: Model; readonly real: Real }> {
  const clock = fakeClock();
  const alarms: string[] = [];
  const log = { info: () => {}, warn: () => {}, error: (event: string) => void alarms.push(event) };
  const { stores: opened, remove } = setUp.open();
  const stores = opened.map(defect.store ?? ((store) => store));
  const options = { idle: "10m", absolute: "1h", accessTtl: "2m", grace: "10s", throttle: "off" } as const;
  const all: Composed[] = [];
  for (const store of stores) all.push(await engineOn({ store, clock, log, options }));
  const nodes = all.map((composed) => createRoutes(defect.engine?.(composed) ?? composed.engine));
  const store = stores[0] as Store;
  const people = await settle(store, clock);
  const real: Real = {
    ...{ clock, store, nodes, alarms },
    call: async (node, method, path, sent = {}) => read(await (nodes[node % nodes.length] as Routes).fetch(requestOf(method, path, sent))),
    close: async () => {
      for (const composed of all) await composed.close();
      remove();
    },
  };
  return { model: new Model(clock.now(), people), real };
}

async function settle(store: Store, clock: FakeClock): Promise<readonly Person[]> {
  const passwordHash = (await hashes)[0] as string;
  const people = EMAILS.map((email, at): Person => ({
    email,
    id: `usr_${String(at).repeat(22)}`,
    password: PASSWORDS[0],
    disabled: false,
  }));
  for (const { id, email } of people) {
    const user = { id: id as UserId, email, name: "", roles: [], emailVerified: false, disabled: false, createdAt: clock.now() };
    await store.users.create(user, passwordHash);
  }
  return people;
}

/** Header values that show a credential. */
export function shownBy({ kind, text }: Credential): { readonly cookie?: string; readonly authorization?: string } {
  return kind === "ticket" ? { cookie: `coatcheck=${text}` } : { authorization: `Bearer ${text}` };
}

function requestOf(method: string, path: string, { by, json, form }: Sent): Request {
  const body = json === undefined ? (form === undefined ? null : new URLSearchParams(form).toString()) : JSON.stringify(json);
  const type = json === undefined ? "application/x-www-form-urlencoded" : "application/json";
  const headers = { origin: ISSUER, ...(body === null ? {} : { "content-type": type }), ...(by === undefined ? {} : shownBy(by)) };
  return new Request(ISSUER + path, { method, headers, body });
}

async function read(response: Response): Promise<Got> {
  const text = await response.text();
  const set = response.headers.getSetCookie()[0];
  return {
    status: response.status,
    body: text === "" ? {} : (JSON.parse(text) as Got["body"]),
    ticket: set === undefined ? null : (set.split(";", 1)[0] as string).slice("coatcheck=".length),
  };
}
