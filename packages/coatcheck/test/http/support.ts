import { memory } from "../../src/index.ts";
import type { CoatcheckOptions } from "../../src/index.ts";
import type { Composed } from "../../src/compose.ts";
import { addClient } from "../../src/accounts/clients.ts";
import type { NewClient } from "../../src/accounts/clients.ts";
import type { ClientId } from "../../src/core/ids.ts";
import type { Clock, Log, Store } from "../../src/core/ports.ts";
import type { Duration } from "../../src/core/time.ts";
import { duration, instant } from "../../src/core/time.ts";
import type { DeclaredClaims, UserDirectory } from "../../src/core/users.ts";
import { createRoutes } from "../../src/http/index.ts";
import type { Engine, Peer, RouteGroup, Routes } from "../../src/http/index.ts";
import type { MachineClocks } from "../../src/revocation/elapsed.ts";
import { systemClocks } from "../../src/server/clock.ts";
import { systemRandom } from "../../src/server/random.ts";
import { collectAnswer } from "../canary/answers.ts";
import { minted } from "../canary/sinks.ts";
import { engineOn } from "../support/engine.ts";

export const ISSUER = "https://id.example.com";
export const COOKIE = "__Host-Http-coatcheck";
export const EMAIL = "ada@example.com";
export const PASSWORD = "vellum otter parade";

/** Time that stands still until the test moves it. */
export interface ManualClock extends Clock {
  advance(by: Duration): void;
}

function manualClock(): ManualClock {
  let now = Date.UTC(2026, 10, 24, 8);
  return { now: () => instant(now), every: () => () => {}, advance: (by) => void (now += duration(by)) };
}

export interface LogLine {
  readonly level: keyof Log;
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What a test sends: headers by name, and a body as JSON, as a form or as it is. */
export interface Sent {
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string>>;
  readonly body?: BodyInit;
  readonly peer?: Peer;
}

export interface SessionBody {
  readonly sid: string;
  readonly carrier: string;
  readonly authTime: string;
  readonly current?: boolean;
}

/** Every member that an answer of ours can have: a test reads those that its call promises. */
export interface Body {
  readonly user: Readonly<Record<string, unknown>>;
  readonly session: SessionBody;
  readonly sessions: readonly SessionBody[];
  readonly ended: number;
  readonly access_token: string;
  readonly refresh_token: string;
  readonly keys: readonly Readonly<Record<string, unknown>>[];
  readonly code: string;
  readonly errors: readonly { readonly pointer: string; readonly detail: string }[];
  readonly error: string;
  readonly scope: string;
  readonly active: boolean;
}

/** What came back, read. */
export interface Got {
  readonly status: number;
  readonly headers: Headers;
  readonly json: Body;
  readonly text: string;
  /** The value of our cookie that was set; empty when it was cleared, null when it was left alone. */
  readonly ticket: string | null;
}

export interface House {
  readonly clock: ManualClock;
  readonly store: Store;
  readonly engine: Engine;
  readonly routes: Routes;
  readonly log: readonly LogLine[];
  /** Whom its tokens are for. */
  readonly audience: string;
  readonly call: (method: string, path: string, sent?: Sent) => Promise<Got>;
  /** Signs Ada up on this carrier and gives the headers that show her session. */
  readonly arrive: (carrier?: "cookie" | "token", email?: string) => Promise<Visitor>;
  /** Signs Ada in. */
  readonly signIn: (carrier?: "cookie" | "token", sent?: Sent) => Promise<Visitor>;
  /** A client of the house's, and what shows it: in the form, or by Basic. */
  readonly hire: (wanted?: Partial<NewClient>) => Promise<Hired>;
  /** A GET whose answer is no JSON. */
  readonly fetchText: (path: string, headers: Readonly<Record<string, string>>) => Promise<Pick<Got, "status" | "headers" | "text">>;
  /** How far this process knows the log. */
  readonly head: () => number;
  readonly close: () => Promise<void>;
  /** Names of the security events since it was opened, the oldest first. */
  readonly events: () => Promise<readonly string[]>;
}

export interface Hired {
  readonly id: ClientId;
  readonly secret: string;
  readonly form: Readonly<Record<string, string>>;
  readonly basic: Readonly<Record<string, string>>;
}

export interface Visitor {
  readonly got: Got;
  readonly sid: string;
  /** What shows the session; with a cookie, the origin of a page of ours too. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface HouseParts {
  readonly options?: Partial<CoatcheckOptions>;
  readonly users?: UserDirectory;
  readonly claims?: DeclaredClaims;
  readonly groups?: readonly Exclude<RouteGroup, "operations">[];
  /** For faults: what the routes get instead of the real wiring. */
  readonly wrap?: (composed: Composed) => Engine;
  readonly store?: Store;
  /** Default: time that stands still, and never ticks. */
  readonly clock?: ManualClock;
  /** What leases are measured by. Default: the machine's. */
  readonly clocks?: MachineClocks;
  readonly metricsToken?: string;
  readonly logRequests?: boolean;
}

/** The real wiring on a store in memory, over HTTP. Hashing is real too: keep the number of sign-ins small. */
export async function openHouse(parts: HouseParts = {}): Promise<House> {
  const {
    users,
    claims,
    groups,
    options = {},
    wrap = ({ engine }) => engine,
    store = memory(),
    clock = manualClock(),
    clocks = systemClocks,
    metricsToken = null,
    logRequests = false,
  } = parts;
  const lines: LogLine[] = [];
  const write =
    (level: keyof Log) =>
    (event: string, fields: Readonly<Record<string, unknown>> = {}) =>
      void lines.push({ level, event, fields });
  const log: Log = { info: write("info"), warn: write("warn"), error: write("error") };
  const composed = await engineOn({
    store,
    clock,
    clocks,
    log,
    metricsToken,
    logRequests,
    ...(users === undefined ? {} : { users }),
    ...(claims === undefined ? {} : { claims }),
    options: { issuer: ISSUER, signUp: "at-once", ...options },
  });
  const engine = wrap(composed);
  const routes = createRoutes(engine, groups);

  const call = async (method: string, path: string, sent: Sent = {}): Promise<Got> =>
    read(await routes.fetch(request(method, path, sent), sent.peer));
  const enter = async (path: string, carrier: "cookie" | "token", body: object, sent: Sent = {}): Promise<Visitor> => {
    const got = await call("POST", path, { ...sent, json: { password: PASSWORD, carrier, ...body } });
    if (got.status >= 300) throw new Error(`${path} answered ${got.status}: ${got.text}`);
    return { got, sid: got.json.session.sid, headers: shown(got) };
  };

  const opening = (await store.audit.list({}, 100)).length;
  return {
    clock,
    store,
    engine,
    routes,
    log: lines,
    audience: options.audience ?? ISSUER,
    call,
    arrive: (carrier = "cookie", email = EMAIL) => enter("/auth/sign-up", carrier, { email }),
    signIn: (carrier = "cookie", sent = {}) => enter("/auth/sign-in", carrier, { email: EMAIL }, sent),
    hire: async (wanted = {}) => {
      const parts = { clients: store.clients, clock, random: systemRandom };
      const { client, secret } = await addClient(parts, { name: "Report", scopes: ["read", "write"], audiences: [ISSUER], ...wanted });
      minted("client_secret", secret);
      return { id: client.id, secret, form: { client_id: client.id, client_secret: secret }, basic: basic(client.id, secret) };
    },
    fetchText: async (path, headers) => {
      const response = await routes.fetch(request("GET", path, { headers }));
      const text = await response.text();
      collectAnswer(response.status, response.headers, text);
      return { status: response.status, headers: response.headers, text };
    },
    head: () => composed.revocations.head,
    close: () => composed.close(),
    events: async () =>
      [...(await store.audit.list({}, 100))]
        .reverse()
        .map(({ event }) => event)
        .slice(opening),
  };
}

/** HTTP Basic, id and secret each as in a form (RFC 6749 §2.3.1). */
export function basic(id: string, secret: string): Readonly<Record<string, string>> {
  const pair = [id, secret].map((it) => new URLSearchParams([["", it]]).toString().slice(1)).join(":");
  return { authorization: `Basic ${Buffer.from(pair).toString("base64")}` };
}

/** The headers of a client that got this answer. */
export function shown(got: Got): Readonly<Record<string, string>> {
  return got.ticket === null ? { authorization: `Bearer ${got.json.access_token}` } : { cookie: `${COOKIE}=${got.ticket}`, origin: ISSUER };
}

export function request(method: string, path: string, { headers = {}, json, form, body }: Sent): Request {
  const type = json !== undefined ? "application/json" : form !== undefined ? "application/x-www-form-urlencoded" : null;
  const content = json !== undefined ? JSON.stringify(json) : form !== undefined ? new URLSearchParams(form).toString() : (body ?? null);
  return new Request(`${ISSUER}${path}`, {
    method,
    headers: { ...(type === null ? {} : { "content-type": type }), ...headers },
    body: content,
  });
}

export async function read(response: Response): Promise<Got> {
  const text = await response.text();
  const cookies = response.headers.getSetCookie().filter((it) => it.startsWith(`${COOKIE}=`));
  if (cookies.length > 1) throw new Error("two Set-Cookie of one name");
  collectAnswer(response.status, response.headers, text);
  const ticket = cookies[0] === undefined ? null : (cookies[0].slice(COOKIE.length + 1).split(";", 1)[0] as string);
  return { status: response.status, headers: response.headers, text, json: JSON.parse(text === "" ? "{}" : text) as Body, ticket };
}
