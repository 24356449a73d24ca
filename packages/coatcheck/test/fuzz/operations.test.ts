import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { ERRORS } from "../../src/core/errors.ts";
import type { Seq } from "../../src/core/ids.ts";
import { OAUTH_ERRORS } from "../../src/http/oauth-errors.ts";
import { COOKIE, EMAIL, ISSUER, openHouse, read } from "../http/support.ts";
import type { Got, House } from "../http/support.ts";
import { hostileRequests, REAL } from "./hostile-requests.ts";
import type { Hostile } from "./hostile-requests.ts";
import { IS_WHOLE, SEED, TIMEOUT, tries } from "./runs.ts";

/** What the contract lets a healthy server answer. */
const STATUSES = [200, 201, 204, 400, 401, 403, 404, 405, 409, 413, 415, 422, 429];
const OAUTH_NAMES = [...Object.keys(OAUTH_ERRORS), "temporarily_unavailable"];

/** Real credentials among the junk, so that the fuzz comes past the first refusal. */
class Visitors {
  readonly #house: House;
  readonly real = { authorization: "", cookie: "", refreshToken: "" };

  constructor(house: House) {
    this.#house = house;
  }

  /** New sessions for Ada whenever the fuzz has ended the last ones. */
  async staySignedIn(): Promise<void> {
    const { engine, routes, store } = this.#house;
    const proof = await store.users.byEmail(EMAIL);
    if (proof === null) throw new Error("Ada is gone");
    for (const carrier of ["cookie", "token"] as const) {
      if ((await routes.check(carrier === "cookie" ? { cookie: this.real.cookie } : { authorization: this.real.authorization })).ok)
        continue;
      const device = { label: "", userAgent: "", ip: "" };
      const login = { user: proof.user, rsq: proof.head, amr: ["pwd"], device, data: null, replaces: null };
      // The fuzz ends sessions more often than anybody may begin them.
      await store.throttles.forget([`starts:${proof.user.id}`]);
      const { shown } = await engine.sessions.start({ ...login, carrier });
      if (shown.carrier === "cookie") this.real.cookie = `${COOKIE}=${shown.ticket}`;
      else Object.assign(this.real, { authorization: `Bearer ${shown.accessToken}`, refreshToken: shown.refreshToken });
    }
  }

  /** The request with real credentials where they are wanted; null if a client could not even make it. */
  request({ method, target, headers, body }: Hostile): Request | null {
    const url = URL.parse(ISSUER + target);
    if (url === null) return null;
    const sent = new Headers();
    for (const [name, value] of headers) sent.append(name, value === REAL ? this.real[name as "cookie" | "authorization"] : value);
    return new Request(url, { method, headers: sent, body: this.#content(body) });
  }

  #content(body: Hostile["body"]): BodyInit | null {
    if (typeof body === "string") return body.replaceAll(REAL, this.real.refreshToken);
    if (body === null || body instanceof Uint8Array) return body;
    return new URLSearchParams(
      [...body].map(([name, value]) => [name, value === REAL ? this.real.refreshToken : value.toWellFormed()]),
    ).toString();
  }
}

/** Everything of the store that a refused request must leave alone: the log, Ada's account and Ada's sessions. */
async function stateOf({ store, clock }: House): Promise<string> {
  const proof = await store.users.byEmail(EMAIL);
  if (proof === null) throw new Error("Ada is gone");
  const sessions = await store.sessions.list(proof.user.id, clock.now());
  const kept = sessions.map(({ sid, rotation, rsq, idleExpiresAt, authTime }) => [sid, rotation.generation, rsq, idleExpiresAt, authTime]);
  return JSON.stringify([(await store.feed.since(0 as Seq)).head, proof, kept]);
}

/** A token that was used before ends its session, and is refused (RFC 9700 §4.14): the one refusal that is meant to do something. */
const isReuse = (path: string, got: Got): boolean => path === "/oauth/token" && got.json.error === "invalid_grant";

function expectDocumented(got: Got, type: string | null): void {
  expect(STATUSES).toContain(got.status);
  expect(got.headers.get("x-content-type-options")).toBe("nosniff");
  expect(got.headers.get("content-security-policy")).toMatch(/default-src 'none'/);
  expect(got.headers.get("referrer-policy")).toBe("no-referrer");
  expect(got.headers.get("strict-transport-security")).toMatch(/max-age=\d{8}/);
  expect(got.headers.get("cache-control")).not.toBeNull();
  expect(got.text).not.toMatch(/node:internal|\.ts:\d/);
  const allowed = got.headers.get("access-control-allow-origin");
  if (allowed !== null) expect(allowed).toBe("https://app.example.net");
  if (got.status < 400 || got.text === "") return;
  if (got.status === 401) expect(got.headers.get("www-authenticate")).toMatch(/^Bearer/);
  if (type === "application/problem+json")
    expect([got.json.code, ERRORS[got.json.code as keyof typeof ERRORS].status]).toEqual([got.json.code, got.status]);
  else expect(OAUTH_NAMES).toContain(got.json.error);
}

/** A fuzz that never comes past the door shows nothing. @param met the statuses that each path answered with. */
function expectPastTheDoor({ routes }: House, met: ReadonlyMap<string, ReadonlySet<number>>): void {
  const statuses = new Set([...met.values()].flatMap((it) => [...it]));
  expect([...statuses]).toEqual(expect.arrayContaining([200, 204, 400, 401, 403, 404, 405, 413, 415, 422]));
  for (const { path } of routes.table.filter((route) => !route.path.includes("{")))
    expect(met.get(path)?.size ?? 0, path).toBeGreaterThan(1);
}

describe(`hostile requests to every operation (FUZZ_SEED=${SEED})`, () => {
  let house: House;
  let visitors: Visitors;
  beforeAll(async () => {
    house = await openHouse({ options: { origins: ["https://app.example.net"], trustedProxies: 1 } });
    visitors = new Visitors(house);
    await house.arrive();
  });

  it(
    "get a documented answer, never a 500, and change nothing when they are refused",
    async () => {
      const met = new Map<string, Set<number>>();
      await fc.assert(
        fc.asyncProperty(hostileRequests(house.routes.table), fc.boolean(), fc.option(fc.string()), async (hostile, onWire, address) => {
          await visitors.staySignedIn();
          const request = visitors.request(hostile);
          if (request === null) return;
          const before = await stateOf(house);
          const peer = { address: address ?? undefined, ...(onWire ? { target: hostile.target } : {}) };
          const response = await house.routes.fetch(request, peer);
          const type = response.headers.get("content-type");
          const got = await read(response);
          const { pathname } = new URL(request.url);
          met.set(pathname, (met.get(pathname) ?? new Set()).add(got.status));
          expectDocumented(got, type);
          if (onWire && hostile.target.split(/[?#]/, 1)[0] !== pathname) expect(got.status).toBe(404);
          if (got.status >= 400 && !isReuse(pathname, got)) expect(await stateOf(house)).toBe(before);
        }),
        tries(4),
      );
      if (IS_WHOLE) expectPastTheDoor(house, met);
      expect(house.log.filter(({ level }) => level === "error")).toEqual([]);
      expect(Object.keys(Object.prototype)).toEqual([]);
    },
    TIMEOUT,
  );
});
