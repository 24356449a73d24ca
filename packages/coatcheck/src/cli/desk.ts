import { Activity } from "../carriers/activity.ts";
import { SessionRegister } from "../carriers/register.ts";
import type { ServerConfig } from "../config/read.ts";
import type { EventName } from "../core/events.ts";
import type { AuditEvent, Clock, Log, Store } from "../core/ports.ts";
import { systemClock } from "../server/clock.ts";
import { systemRandom } from "../server/random.ts";
import { existingSecrets } from "../server/secrets.ts";
import type { MasterSecrets } from "../server/secrets.ts";
import { thisMachine } from "../server/secret-file.ts";
import { storeErrorOf } from "../server/start-error.ts";
import { isPostgres, storeFor, storePath } from "../server/store.ts";
import { databaseFacts } from "../stores/postgres/facts.ts";
import { isStoreFile } from "../stores/sqlite/file.ts";
import type { Flags } from "./command.ts";
import { Failure, NoStore } from "./failure.ts";
import { operator } from "./operator.ts";
import { conclude } from "./output.ts";
import type { Report } from "./output.ts";
import { configFor } from "./settings.ts";

/** What a command of administration works with: the store itself, whether or not a server runs on it, and the rules that go with it. */
export interface Desk {
  readonly config: ServerConfig;
  readonly store: Store;
  readonly sessions: SessionRegister;
  readonly clock: Clock;
  /** Writes to the audit trail what was done, and that it was done here and by whom. */
  audit(event: Deed): Promise<void>;
  /** The store's master secrets. @throws ConfigError, StartError if they are not to be found: none is made. */
  secrets(): MasterSecrets;
}

/** A security event without what all of them share here. */
export type Deed = { readonly event: EventName } & Partial<AuditEvent>;

/**
 * Opens the store that `coatcheck serve` would serve with these flags, this environment and this folder's file, lets `work` work on it, and prints
 * what comes of that. Never makes a store.
 * @throws ConfigError if it was asked wrongly. @throws Failure, StartError if it can't be done.
 */
export async function atDesk(flags: Flags, work: (desk: Desk) => Promise<Report>): Promise<void> {
  const config = configFor(flags);
  const store = await existingStore(config);
  try {
    await store.open();
  } catch (error) {
    throw storeErrorOf(error, store);
  }
  try {
    conclude(await work(deskOn(config, store)), flags["json"] === true);
  } finally {
    await store.close();
  }
}

async function existingStore({ store: name }: ServerConfig): Promise<Store> {
  if (name === "memory:") {
    throw new NoStore(
      "the store memory: lives inside its server alone and can't be administered from here: use sqlite:<file> or postgres://… for both",
    );
  }
  const store = storeFor(name);
  if (!(await isThere(name))) {
    const place = storePath(name) ?? store.name;
    throw new NoStore(`there is no store in ${place}: name the one that the server uses with --store, or start the server, which makes it`);
  }
  return store;
}

async function isThere(name: string): Promise<boolean> {
  if (!isPostgres(name)) return isStoreFile(storePath(name) as string);
  const { isThere: isMade, problem } = await databaseFacts(name);
  // Whatever is in the way, opening it says what it is.
  return isMade || problem !== null;
}

function deskOn(config: ServerConfig, store: Store): Desk {
  const clock = systemClock;
  const by = operator();
  async function audit(deed: Deed): Promise<void> {
    const nothing = { userId: null, sid: null, ip: "", carrier: null };
    try {
      await store.audit.append({ ...nothing, ...deed, at: clock.now(), detail: { ...deed.detail, ...by } });
    } catch (error) {
      throw new Failure("it is done, but could not be written to the audit trail: see whether the disk is full", { cause: error });
    }
  }
  const activity = new Activity(store.sessions, config.settings, SILENT);
  return {
    ...{ config, store, clock, audit },
    sessions: new SessionRegister({ store, activity, clock, audit }),
    secrets() {
      const context = { issuer: config.settings.issuer, store: config.store, random: systemRandom, machine: thisMachine() };
      return existingSecrets(config.secret, context);
    },
  };
}

/** The command reports what it does itself: here nothing else has anything to say. */
const SILENT: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };
