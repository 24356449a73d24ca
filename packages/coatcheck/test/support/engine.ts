import { compose } from "../../src/compose.ts";
import type { Composed } from "../../src/compose.ts";
import { readOptions } from "../../src/config/options.ts";
import type { CoatcheckOptions } from "../../src/config/options.ts";
import type { Clock, Log, Store } from "../../src/core/ports.ts";
import type { DeclaredClaims, UserDirectory } from "../../src/core/users.ts";
import { openTelemetry } from "../../src/observe/open-telemetry.ts";
import type { MachineClocks } from "../../src/revocation/elapsed.ts";
import { systemClock, systemClocks } from "../../src/server/clock.ts";
import { systemRandom } from "../../src/server/random.ts";
import { FOLDER } from "../canary/sinks.ts";
import { witnessed, witnessedLog, witnessedStore, witnessedTracer } from "../canary/witness.ts";

export const SILENT: Log = { info: () => {}, warn: () => {}, error: () => {} };

/** Each test process of one set-up must have the same secret. */
export const TEST_MASTER: Uint8Array = Uint8Array.from({ length: 32 }, (_, at) => (at * 73 + 41) % 251);

/** A user directory in which everybody exists. */
export const ANYBODY: UserDirectory = { get: (id) => ({ id, roles: ["member"], disabled: false }) };

interface TestParts {
  readonly store: Store;
  readonly clock?: Clock;
  readonly clocks?: MachineClocks;
  readonly log?: Log;
  readonly users?: UserDirectory | null;
  readonly claims?: DeclaredClaims;
  readonly options?: Partial<CoatcheckOptions>;
  readonly masters?: () => readonly Uint8Array[];
  readonly metricsToken?: string | null;
  readonly logRequests?: boolean;
}

/** The real wiring, on a store of the test's choice. Built-in accounts unless `users` is given. */
export async function engineOn({
  store,
  clock = systemClock,
  clocks = systemClocks,
  log = SILENT,
  users = null,
  claims = {},
  options = {},
  masters = () => [TEST_MASTER],
  ...watching
}: TestParts): Promise<Composed> {
  const settings = readOptions({ issuer: "http://localhost:3000", store, ...options });
  const parts = { settings, masters, users, claims, clock, clocks, random: systemRandom, ...watching };
  if (FOLDER === undefined) return compose({ ...parts, store, log });
  const tracer = witnessedTracer(await openTelemetry());
  return witnessed(await compose({ ...parts, store: witnessedStore(store, masters()), log: witnessedLog(log), tracer }), store);
}
