import { afterEach } from "vitest";
import type { Issued } from "../../src/carriers/carrier.ts";
import type { Composed } from "../../src/compose.ts";
import type { CoatcheckOptions } from "../../src/config/options.ts";
import { isPromise } from "../../src/core/maybe.ts";
import type { Seq } from "../../src/core/ids.ts";
import type { Store } from "../../src/core/ports.ts";
import type { CarrierName } from "../../src/core/session.ts";
import type { UserView } from "../../src/core/users.ts";
import type { Verdict } from "../../src/core/verdict.ts";
import type { MachineClocks } from "../../src/revocation/elapsed.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { fakeClock } from "../../src/testing/index.ts";
import { engineOn } from "./engine.ts";

export const MINUTE = 60_000;
export const DAY = 86_400_000;
export const FROM = { ip: "192.0.2.1", why: "ended_by_user" } as const;
export const device = { label: "Test", userAgent: "test", ip: "192.0.2.1" };

const open: Composed[] = [];

/** Closes every world that is open; done after each test anyway. */
export async function closeWorlds(): Promise<void> {
  for (const composed of open.splice(0)) await composed.close();
}
afterEach(closeWorlds);

/** A whole set-up with two users, Ann and Bob, a clock that the test moves and a store that notes what it is asked. */
export interface World {
  readonly clock: ReturnType<typeof fakeClock>;
  readonly people: Map<string, UserView>;
  readonly composed: Composed;
  readonly alarms: string[];
  /** How often the store was asked, by port and method. */
  readonly asked: string[];
  logIn(carrier: CarrierName, userId?: string, rsq?: Seq): Promise<Issued>;
  check(issued: Issued): Verdict;
}

/** Notes every call of the store. */
function watched(store: Store, asked: string[]): Store {
  const ports = ["sessions", "feed", "users", "clients", "keys", "throttles", "audit"] as const;
  const seen = Object.fromEntries(
    ports.map((name) => [
      name,
      new Proxy(store[name], {
        get: (port, method) => {
          const call = Reflect.get(port, method);
          return typeof call !== "function"
            ? call
            : (...args: unknown[]) => {
                asked.push(`${name}.${String(method)}`);
                return Reflect.apply(call, port, args);
              };
        },
      }),
    ]),
  );
  return { name: store.name, open: () => store.open(), ping: () => store.ping(), close: () => store.close(), ...seen } as Store;
}

interface Given {
  readonly store?: Store;
  readonly clock?: World["clock"];
  readonly options?: Partial<CoatcheckOptions>;
  readonly masters?: () => readonly Uint8Array[];
  readonly clocks?: MachineClocks;
}

export async function world({ store = memory(), clock = fakeClock(), options = {}, ...given }: Given = {}): Promise<World> {
  const asked: string[] = [];
  const alarms: string[] = [];
  const people = new Map<string, UserView>([
    ["ann", { id: "ann", roles: ["member"], disabled: false }],
    ["bob", { id: "bob", roles: [], disabled: false }],
  ]);
  const composed = await engineOn({
    store: watched(store, asked),
    clock,
    users: { get: (id) => people.get(id) ?? null },
    claims: { tenant: () => "acme" },
    log: { info: () => {}, warn: () => {}, error: (event) => void alarms.push(event) },
    options,
    ...given,
  });
  open.push(composed);
  const { engine, revocations } = composed;
  return {
    ...{ clock, people, composed, alarms, asked },
    logIn: (carrier, userId = "ann", rsq = revocations.head) =>
      engine.sessions.start({ user: people.get(userId) as UserView, rsq, amr: ["pwd"], carrier, device, data: null, replaces: null }),
    check: (issued) => {
      const verdict = engine.carriers[issued.session.carrier].check(credential(issued), clock.now());
      if (isPromise(verdict)) throw new Error("the check was not synchronous");
      return verdict;
    },
  };
}

export function credential({ shown }: Issued): string {
  return shown.carrier === "cookie" ? shown.ticket : shown.accessToken;
}

export function refreshTokenOf({ shown }: Issued): string {
  return shown.carrier === "token" ? shown.refreshToken : "";
}

export const changed = async ({ composed, clock }: World, userId: string) =>
  composed.engine.store.feed.append("invalidate-user", userId, clock.now());
export const refused = (reason: string) => ({ ok: false, reason });
