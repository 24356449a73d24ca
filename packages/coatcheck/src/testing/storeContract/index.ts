import type { Store } from "../../core/ports.ts";
import { accounts, passwords } from "./accounts.ts";
import { Bench } from "./bench.ts";
import type { Cases } from "./bench.ts";
import { clients } from "./clients.ts";
import { endingAll, endingOne, purging } from "./ending.ts";
import { general } from "./general.ts";
import { keepingUp } from "./keeping-up.ts";
import { keys } from "./keys.ts";
import { feed } from "./log.ts";
import { audit, throttles } from "./others.ts";
import { refreshing } from "./refreshing.ts";
import { listing } from "./listing.ts";
import { finding, renewing, starting, touching } from "./sessions.ts";

/** What a test runner offers; vitest, node:test and jest do. */
export interface Runner {
  describe(name: string, body: () => void): void;
  it(name: string, body: () => Promise<void>): void;
}

/** Gives a store that is open. `close` gives back what it took; the store itself may have been closed by then. */
export type OpenStore = () => Promise<{ readonly store: Store; readonly close: () => Promise<void> }>;

const GROUPS: Readonly<Record<string, Cases>> = {
  "the store": general,
  "sessions.start": starting,
  "sessions.find": finding,
  "sessions.renew": renewing,
  "sessions.refresh": refreshing,
  "sessions.touch": touching,
  "sessions.list": listing,
  "sessions.end": endingOne,
  "sessions.endAll": endingAll,
  "sessions.purge": purging,
  feed,
  "feed: keeping up": keepingUp,
  users: accounts,
  "users.changePassword": passwords,
  clients,
  keys,
  throttles,
  audit,
};

/**
 * The contract of a store: every sentence of the ports in `core/ports.ts` is a case, and so is what each call must leave alone.
 * @param open is asked once for each case; the stores that it gives may be one and the same, since each case makes its own users and sessions.
 */
export function storeContract(name: string, open: OpenStore, runner: Runner): void {
  runner.describe(`${name} keeps the contract of a store`, () => {
    for (const [group, cases] of Object.entries(GROUPS)) {
      runner.describe(group, () => {
        for (const [sentence, check] of Object.entries(cases)) runner.it(sentence, () => run(open, check));
      });
    }
  });
}

async function run(open: OpenStore, check: (bench: Bench) => Promise<void>): Promise<void> {
  const { store, close } = await open();
  try {
    await check(new Bench(store));
  } finally {
    await close();
  }
}
