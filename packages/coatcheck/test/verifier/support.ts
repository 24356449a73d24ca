import { afterEach } from "vitest";
import type { ShownProof } from "../../src/carriers/carrier.ts";
import type { KeyParts } from "../../src/carriers/token/key-changes.ts";
import type { Duration } from "../../src/core/time.ts";
import { duration } from "../../src/core/time.ts";
import type { UserView } from "../../src/core/users.ts";
import { deriveSecrets } from "../../src/crypto/secrets.ts";
import { systemRandom } from "../../src/server/random.ts";
import type { MachineClocks } from "../../src/revocation/elapsed.ts";
import { createVerifier } from "../../src/verifier.ts";
import type { CheckedToken, Verifier, VerifierOptions } from "../../src/verifier.ts";
import { TEST_MASTER } from "../support/engine.ts";
import { CHANGES, followedHouse, settled as turns } from "../http/changes-support.ts";
import type { FollowedHouse } from "../http/changes-support.ts";
import { ISSUER } from "../http/support.ts";
import type { HouseParts } from "../http/support.ts";

/** What WebCrypto is still at work on: it answers from threads of its own, in its own time. */
const underWay = new Set<Promise<unknown>>();
for (const name of ["importKey", "verify"] as const) {
  const real = crypto.subtle[name].bind(crypto.subtle) as (...args: unknown[]) => Promise<unknown>;
  const counted = (...args: unknown[]): Promise<unknown> => {
    const answer = real(...args).finally(() => underWay.delete(answer));
    underWay.add(answer);
    return answer;
  };
  Object.assign(crypto.subtle, { [name]: counted });
}

/** Everything that can happen without the clock has happened. */
export async function settled(): Promise<void> {
  do await turns();
  while (underWay.size > 0);
}

const open: Verifier[] = [];
afterEach(() => {
  for (const verifier of open.splice(0)) verifier.close();
});

/** What stands between the verifier and the issuer: it counts what passes, and lets it pass or not. */
export class Line {
  readonly asked: { readonly path: string; readonly authorization: string | null; readonly url: string }[] = [];
  #handle: (request: Request) => Promise<Response>;
  #faults = new Map<string, (request: Request, pass: () => Promise<Response>) => Promise<Response>>();

  constructor(handle: (request: Request) => Promise<Response>) {
    this.#handle = handle;
  }

  readonly fetch: typeof fetch = async (address, init) => {
    const request = new Request(address, init);
    const { pathname } = new URL(request.url);
    const isStream = request.headers.get("accept") === "text/event-stream";
    const path = isStream ? "events" : pathname;
    this.asked.push({ path, authorization: request.headers.get("authorization"), url: request.url });
    const fault = this.#faults.get(path) ?? this.#faults.get("*");
    const pass = (): Promise<Response> => this.#handle(request);
    return fault === undefined ? pass() : fault(request, pass);
  };

  count(path: string): number {
    return this.asked.filter((it) => it.path === path).length;
  }

  /** Nothing passes on this path (`*`: on any) until {@link mend}. */
  cut(path = "*"): void {
    this.bend(path, () => Promise.reject(new TypeError("fetch failed")));
  }

  bend(path: string, how: (request: Request, pass: () => Promise<Response>) => Promise<Response>): void {
    this.#faults.set(path, how);
  }

  /** Answers on this path come slowly: first whatever is given, and at last, for null, the answer itself. */
  bind(path: string, start: (go: (bytes: Uint8Array | null) => void) => void): void {
    this.bend(path, async (_, pass) => {
      const whole = new Uint8Array(await (await pass()).arrayBuffer());
      return new Response(
        new ReadableStream({
          start: (controller) =>
            start((bytes) => {
              controller.enqueue(bytes ?? whole);
              if (bytes === null) controller.close();
            }),
        }),
      );
    });
  }

  mend(path = "*"): void {
    this.#faults.delete(path);
  }
}

export interface Scene {
  readonly house: FollowedHouse;
  readonly line: Line;
  readonly verifier: Verifier;
  readonly people: Map<string, UserView>;
  /** Somebody signs in, and this is what they show; and who they are. */
  readonly login: (userId?: string) => Promise<{ readonly token: string; readonly sid: string }>;
  readonly check: (token: string) => Promise<CheckedToken>;
  /** `ok`, why not, or `unknown` for what was thrown. */
  readonly word: (token: string) => Promise<string>;
  /** Time passes, and what falls due meanwhile is done. */
  readonly pass: (time: Duration) => Promise<void>;
  readonly keyParts: KeyParts;
  readonly another: (options?: Partial<VerifierOptions>) => Verifier;
}

/** A verifier, the real issuer beside it, and a line between them; all by one clock that stands still unless it is moved. */
export async function scene(options: Partial<VerifierOptions> = {}, parts: HouseParts = {}): Promise<Scene> {
  const people = new Map<string, UserView>([["ada", { id: "ada", roles: ["editor"], disabled: false }]]);
  const house = await followedHouse({ users: { get: (id) => people.get(id) ?? null }, ...parts });
  const line = new Line((request) => house.routes.fetch(request));
  const clocks: MachineClocks = { wall: () => house.clock.now(), monotonic: () => house.clock.now(), sinceBoot: () => null };
  const another = (given: Partial<VerifierOptions> = {}): Verifier => {
    const { id, secret } = house.client;
    const ports = { fetch: line.fetch, clock: house.clock, clocks, log: house.engine.log };
    const verifier = createVerifier({ issuer: ISSUER, client: { id, secret }, ...ports, ...options, ...given });
    open.push(verifier);
    return verifier;
  };
  const verifier = another();
  await settled();
  const check = async (token: string): Promise<CheckedToken> => verifier.check({ authorization: `Bearer ${token}` });
  return {
    ...{ house, line, verifier, people, check, another },
    login: async (userId = "ada") => {
      const user = people.get(userId) ?? { id: userId, roles: [], disabled: false };
      const rsq = (await house.store.feed.since(0 as never)).head;
      const device = { label: "", userAgent: "", ip: "" };
      const login = { user, rsq, amr: ["pwd"], carrier: "token", device, data: null, replaces: null } as const;
      const { session, shown } = await house.engine.sessions.start(login);
      return { token: (shown as ShownProof).accessToken, sid: session.sid };
    },
    word: async (token) => {
      try {
        const it = await check(token);
        return it.ok ? "ok" : it.reason;
      } catch (error) {
        if ((error as { code?: string }).code !== "store_unavailable") throw error;
        return "unknown";
      }
    },
    pass: async (time) => {
      const step = duration("100ms");
      for (let left = duration(time); left > 0; left = (left - step) as typeof left) {
        house.clock.advance(`${Math.min(step, left)}ms`);
        await settled();
      }
    },
    keyParts: {
      ...{ keys: house.store.keys, secrets: deriveSecrets([TEST_MASTER]), random: systemRandom, clock: house.clock, alg: "ES256" },
      audit: (event) => house.store.audit.append({ ...event, at: house.clock.now() }),
    },
  };
}

export const PATHS = {
  changes: CHANGES,
  events: "events",
  jwks: "/.well-known/jwks.json",
  introspect: "/oauth/introspect",
  metadata: "/.well-known/oauth-authorization-server",
} as const;

export { ISSUER };
