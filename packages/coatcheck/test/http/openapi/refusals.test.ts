import { describe, expect, it } from "vitest";
import { CAPS } from "../../../src/carriers/caps.ts";
import type { Carrier } from "../../../src/carriers/carrier.ts";
import { ERRORS } from "../../../src/core/errors.ts";
import type { ClientId } from "../../../src/core/ids.ts";
import { duration, later } from "../../../src/core/time.ts";
import type { Refusal, Route } from "../../../src/http/row.ts";
import { fragileStore } from "../../support/fragile.ts";
import { openHouse } from "../support.ts";
import type { House, HouseParts } from "../support.ts";
import { request } from "./cases.ts";
import type { Change } from "./cases.ts";
import { judgeBy } from "./judge.ts";
import { descriptionOf, operationsOf } from "./read.ts";
import type { Operation } from "./read.ts";
import { METRICS_TOKEN, visitorsOf } from "./visitor.ts";
import type { Visitor } from "./visitor.ts";

// The other way round: what the description says that an operation refuses with, it can be brought to refuse with. A list that says too much is
// as wrong as one that says too little, and nobody would notice.

const ISSUER = "http://localhost:3000";

interface Said {
  readonly code?: string;
  readonly error?: string;
}

/** What came back, as far as it matters here. */
interface Got {
  readonly status: number;
  readonly said: Said;
}

/** A place to ask in, and somebody to ask. */
interface Scene {
  readonly house: House;
  readonly operation: Operation;
  readonly visitor: Visitor;
  /** Sends the operation's valid request with this credential (default: the first that it takes), changed; holds the answer against the description. */
  ask(change?: Change, scheme?: string): Promise<Got>;
}

type Provocation = (scene: Scene) => Promise<Got>;

const withToken = { authorization: "Bearer nonsense" };
const provoke: Readonly<Record<Refusal, Provocation>> = {
  bad_request: ({ ask, operation }) =>
    ask(operation.body === null ? { query: "?keep=current&keep=current" } : { body: Uint8Array.from([0xff, 0xfe]) }),
  invalid_input: ({ ask, operation }) => ask(operation.body === null ? { query: "?unknown=1" } : { members: { unknown: 1 } }),
  position_gone: async ({ ask, house: { store, clock } }) => {
    const forgotten = await store.feed.append("invalidate-user", "somebody", clock.now());
    await store.feed.append("key", "a-key", clock.now());
    await store.feed.prune(later(clock.now(), duration("1d")));
    return ask({ query: `?from=${forgotten}` });
  },
  position_lost: ({ ask }) => ask({ query: "?from=8999999999999999" }),
  too_large: ({ ask }) => ask({ body: "x".repeat(65_537) }),
  unsupported_media_type: ({ ask }) => ask({ headers: { "content-type": "text/plain" } }),
  cross_origin: ({ ask, operation }) =>
    ask(
      {
        headers: { origin: "https://evil.test", "sec-fetch-site": "cross-site" },
        ...(operation.path.startsWith("/oauth/") ? { body: "x=1" } : {}),
      },
      // Whoever shows a client's secret wrote the request.
      operation.path.startsWith("/oauth/") ? "" : undefined,
    ),
  unauthenticated: ({ ask, operation }) => (operation.security.includes("") ? ask({ members: { refresh_token: "made up" } }) : ask({}, "")),
  invalid_token: ({ ask }) => ask({ headers: withToken }, ""),
  stale_claims: async ({ ask, house, visitor }) => {
    await house.store.feed.append("invalidate-user", visitor.userId, house.clock.now());
    return ask({}, "bearer");
  },
  login_required: ({ ask }) => ask({}, "bearer"),
  step_up_required: ({ ask, house }) => {
    house.clock.advance("6m");
    return ask({ query: "?keep=current" }, "cookie");
  },
  insufficient_user_authentication: ({ ask, house }) => {
    house.clock.advance("6m");
    return ask({ query: "?keep=current" }, "bearer");
  },
  not_found: ({ ask }) => ask({ params: { sid: "A".repeat(22) } }),
  method_not_allowed: ({ ask }) => ask({ method: "PUT", body: null }),
  invalid_credentials: ({ ask, operation }) =>
    ask({ members: { [operation.id === "changePassword" ? "current" : "password"]: "wrong horse battery" } }),
  weak_password: ({ ask, operation }) => ask({ members: { [operation.id === "changePassword" ? "new" : "password"]: "password1" } }),
  email_taken: ({ ask, visitor }) => ask({ members: { email: visitor.email } }),
  sign_up_closed: ({ ask }) => ask(),
  too_many_requests: (scene) => (scene.operation.id === "endSessions" ? sparedTooOften(scene) : tooOften(scene)),
  too_many_sessions: async (scene) => {
    await exhaust(scene, "starts");
    return scene.ask();
  },
  overloaded: (scene) => allAtOnce(scene),
  store_unavailable: ({ ask }) => ask(),
  internal: ({ ask }) => ask(),
  invalid_request: ({ ask, operation }) =>
    operation.body === null
      ? ask({ query: "?unknown=1" })
      : ask({ members: { [operation.id === "getTokens" ? "grant_type" : "token"]: undefined } }),
  invalid_client: ({ ask }) => ask({ members: { client_id: "nobody" } }, ""),
  // The session is the built-in client's.
  invalid_grant: ({ ask, visitor: { refreshToken: token } }) =>
    ask({ members: { grant_type: "refresh_token", refresh_token: token, token } }, "client"),
  invalid_target: ({ ask }) => ask({ members: { resource: "https://other.example.com" } }),
  unsupported_token_type: async ({ ask, house }) => {
    const { form } = await house.hire();
    const got = await house.call("POST", "/oauth/token", { form: { grant_type: "client_credentials", ...form } });
    return ask({ members: { token: got.json.access_token } });
  },
  invalid_scope: ({ ask }) => ask({ members: { scope: "everything" } }),
  unsupported_grant_type: ({ ask }) => ask({ members: { grant_type: "password" } }),
};

const uncut = async (options: NonNullable<HouseParts["options"]>) => ({ house: await open(options), cut: () => {} });

/** Every token is a client's own. */
const withClientsToken: NonNullable<HouseParts["wrap"]> = ({ engine }) => {
  const { cookie, token } = engine.carriers;
  const clientId = "client_1" as ClientId;
  const principal = { kind: "client", clientId, scopes: [] } as const;
  const check: Carrier["check"] = (_, now) => ({ ok: true, principal, until: now });
  return { ...engine, carriers: { cookie, token: Object.assign(Object.create(token) as Carrier, { check }) } };
};

/** Set-ups that a refusal needs. */
const SETTING: Readonly<Partial<Record<Refusal, () => Promise<{ readonly house: House; readonly cut: () => void }>>>> = {
  sign_up_closed: () => uncut({ signUp: "closed" }),
  too_many_requests: () => uncut({ throttle: "on" }),
  too_many_sessions: () => uncut({ throttle: "on" }),
  login_required: async () => ({ house: await openHouse({ options: { issuer: ISSUER }, wrap: withClientsToken }), cut: () => {} }),
  // The clock goes on in these.
  step_up_required: () => uncut({}),
  insufficient_user_authentication: () => uncut({}),
  store_unavailable: async () => {
    const { store, cut } = fragileStore();
    return { house: await openHouse({ store, metricsToken: METRICS_TOKEN, options: { issuer: ISSUER } }), cut };
  },
};

const open = (options: NonNullable<HouseParts["options"]>): Promise<House> =>
  openHouse({ metricsToken: METRICS_TOKEN, options: { issuer: ISSUER, throttle: "off", accessTtl: "1h", ...options } });

/** What makes an operation count a failure; the others count what they do. */
const WRONG: Readonly<Record<string, Change>> = {
  signIn: { members: { password: "wrong" } },
  confirm: { members: { password: "wrong" } },
  changePassword: { members: { current: "wrong" } },
  revokeToken: { headers: { authorization: "Basic bm9ib2R5Ong=" } },
  introspectToken: { headers: { authorization: "Basic bm9ib2R5Ong=" } },
  getChanges: { headers: { authorization: "Basic bm9ib2R5Ong=" } },
};

/** Wrong passwords, new addresses, or one refresh token again and again: until it is too often. */
async function tooOften({ ask, operation }: Scene): Promise<Got> {
  for (let tries = 0; tries < 60; tries++) {
    const got = await ask(WRONG[operation.id] ?? {});
    if (got.status === 429) return got;
  }
  throw new Error("it was never too often");
}

/** Without doing all that, which would take its time. */
async function exhaust({ house: { store, clock }, visitor }: Scene, name: keyof typeof CAPS): Promise<void> {
  const { limit, window } = CAPS[name];
  const rule = { key: `${name}:${visitor.userId}`, limit, window: duration(window) };
  for (let nth = 0; nth < limit; nth++) await store.throttles.count([rule], clock.now());
}

async function sparedTooOften(scene: Scene): Promise<Got> {
  await exhaust(scene, "renewals");
  return scene.ask({ query: "?keep=current" });
}

/** More hashes than may wait. */
async function allAtOnce({ ask }: Scene): Promise<Got> {
  const all = await Promise.all(Array.from({ length: 80 }, () => ask()));
  const refused = all.find(({ status }) => status === 503);
  if (refused === undefined) throw new Error("all of them were let in");
  return refused;
}

const plain = await open({});
const cases = plain.routes.table.flatMap(({ id, refusals }: Route) =>
  [...refusals, "method_not_allowed" as const].map((refusal) => ({ id, refusal })),
);

async function sceneOf(id: string, house: House): Promise<Scene> {
  const document = await descriptionOf(house);
  const operation = operationsOf(document).find((it) => it.id === id);
  if (operation === undefined) throw new Error(`${id} is not described`);
  const judge = judgeBy(document);
  const visitor = await (await visitorsOf(house))();
  return {
    ...{ house, operation, visitor },
    ask: async (change = {}, scheme = operation.security[0] ?? "") => {
      const { method, target, headers, body } = request(operation, visitor, scheme, change);
      const response = await house.routes.fetch(new Request(ISSUER + target, { method, headers, body }), { address: "203.0.113.9" });
      const text = await response.text();
      expect(judge.answer(operation, response, text)).toEqual([]);
      const isJson = (response.headers.get("content-type") ?? "").includes("json");
      return { status: response.status, said: isJson ? (JSON.parse(text) as Said) : {} };
    },
  };
}

describe("what the description says that an operation refuses with, can happen", () => {
  it.each(cases)("$id: $refusal", async ({ id, refusal }) => {
    const { house, cut } = (await SETTING[refusal]?.()) ?? { house: plain, cut: () => {} };
    const scene = await sceneOf(id, house);
    cut();
    const got = await provoke[refusal](scene);
    expect(refusal in ERRORS ? got.said.code : got.said.error).toBe(refusal);
  });
});

/** One after the other. Each was held against the description on the way. */
async function statuses(asks: readonly (() => Promise<Got>)[]): Promise<readonly number[]> {
  const found: number[] = [];
  for (const ask of asks) found.push((await ask()).status);
  return found;
}

// What happens to a server and not to a request: no list may have forgotten it.
describe("whatever happens, an operation answers as described", () => {
  const ids = plain.routes.table.map(({ id }) => id);

  it.each(ids)("%s, with the store away", async (id) => {
    const { store, cut } = fragileStore();
    const { ask, operation } = await sceneOf(id, await openHouse({ store, metricsToken: METRICS_TOKEN, options: { issuer: ISSUER } }));
    cut();
    expect(await statuses(operation.security.map((scheme) => () => ask({}, scheme)))).not.toContain(500);
  });

  it.each(ids)("%s, after a long time", async (id) => {
    const house = await open({});
    const { ask, operation } = await sceneOf(id, house);
    house.clock.advance("31d");
    expect(await statuses(operation.security.map((scheme) => () => ask({}, scheme)))).not.toContain(500);
  });

  it.each(ids)("%s, for somebody who was disabled", async (id) => {
    const { ask, operation, visitor, house } = await sceneOf(id, await open({}));
    await house.store.users.setDisabled(visitor.userId, true, house.clock.now());
    expect(await statuses(operation.security.map((scheme) => () => ask({}, scheme)))).not.toContain(500);
  });

  it.each(ids)("%s, again and again with the throttle on", async (id) => {
    const { ask } = await sceneOf(id, await open({ throttle: "on" }));
    const tries = Array.from({ length: 25 }, () => () => ask(WRONG[id] ?? {}));
    expect(await statuses(tries)).not.toContain(500);
  });
});
