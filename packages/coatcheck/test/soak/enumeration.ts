import { createAccounts } from "../../src/accounts/accounts.ts";
import { systemClock } from "../../src/server/clock.ts";
import { systemRandom } from "../../src/server/random.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { SILENT } from "../support/engine.ts";
import { compareTimes } from "./rank-test.ts";
import type { Comparison } from "./rank-test.ts";

/** The p-value below which two sets of times count as told apart, and how far their medians may lie from each other. */
const SIGNIFICANCE = 0.01;
const MEDIANS_WITHIN = 0.05;

const EMAIL = "alice@example.com";
const NOBODY = "nobody@example.com";
const DISABLED = "disabled@example.com";

export interface SoakResult {
  readonly lines: readonly string[];
  readonly ok: boolean;
}

/** Whether the time of a refused sign-in tells an address that has an account from one that has none, or from a disabled one (ASVS 6.3.8). */
export async function enumeration(pairs = 400): Promise<SoakResult> {
  const refuse = await signInDesk();
  const results = [
    judge(
      "wrong password, unknown address",
      await compareTimes(
        () => refuse(EMAIL),
        () => refuse(NOBODY),
        pairs,
      ),
    ),
    judge(
      "wrong password, disabled account",
      await compareTimes(
        () => refuse(EMAIL),
        () => refuse(DISABLED),
        pairs,
      ),
    ),
  ];
  return { lines: results.map(({ line }) => line), ok: results.every(({ ok }) => ok) };
}

/** One comparison as a line, and whether it passes. */
export function judge(what: string, { p, medians: [a, b], pairs }: Comparison): { readonly line: string; readonly ok: boolean } {
  const apart = Math.abs(a - b) / Math.min(a, b);
  const ok = p > SIGNIFICANCE && apart <= MEDIANS_WITHIN;
  const line = `${what}: medians ${a.toFixed(2)} and ${b.toFixed(2)} ms (${(apart * 100).toFixed(1)} % apart), p = ${p.toFixed(3)}, ${pairs} pairs: ${ok ? "alike" : "TOLD APART"}`;
  return { line, ok };
}

/** Accounts without throttles, and a sign-in that must be refused. */
async function signInDesk(): Promise<(email: string) => Promise<void>> {
  const store = memory();
  await store.open();
  const throttle = { enabled: false, key: () => new Uint8Array(32), privateNetworks: false };
  const accounts = createAccounts({
    ...{ users: store.users, throttles: store.throttles, throttle, issuerHost: "localhost" },
    ...{ clock: systemClock, random: systemRandom, log: SILENT },
  });
  const from = { ip: "192.0.2.1" };
  await accounts.signUp({ email: EMAIL, password: "plum veranda 42" }, from);
  const { user } = await accounts.signUp({ email: DISABLED, password: "plum veranda 42" }, from);
  await store.users.setDisabled(user.id, true, systemClock.now());
  return async (email) => {
    const refused = await accounts.prove({ email, password: "tulip anvil 77" }, from).then(
      () => false,
      () => true,
    );
    if (!refused) throw new Error("a wrong password was let in");
  };
}
