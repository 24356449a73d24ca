import fc from "fast-check";
import { expect } from "vitest";
import type { UserId } from "../../src/core/ids.ts";
import type { Credential, Login, Model, Person, Refreshing } from "./model.ts";
import { PASSWORDS, shownBy } from "./model-world.ts";
import type { Got, Real } from "./model-world.ts";

// What people, thieves, operators and time do. Each step is done to the model and to the real thing, and both must say the same.

type Run = (model: Model, real: Real) => Promise<void>;

class Step implements fc.AsyncCommand<Model, Real> {
  readonly #name: string;
  readonly #run: Run;

  constructor(name: string, run: Run) {
    this.#name = name;
    this.#run = run;
  }

  check(): boolean {
    return true;
  }

  async run(model: Model, real: Real): Promise<void> {
    await this.#run(model, real);
    await agree(model, real);
  }

  toString(): string {
    return this.#name;
  }
}

/** After every step, on every node: what must be refused is, what must be let in is, and the list of logins is the model's. */
async function agree(model: Model, real: Real): Promise<void> {
  for (const credential of model.credentials) {
    // A live ticket is only looked at by the step that is made for it: looking keeps its login from idling.
    if (credential.kind === "ticket" && model.letsIn(credential)) continue;
    for (const node of real.nodes) {
      const verdict = await node.check(shownBy(credential));
      expect(verdict.ok, `${credential.kind} of ${credential.login.sid}: ${JSON.stringify(verdict)}`).toBe(model.letsIn(credential));
    }
  }
  for (const person of model.people) {
    const listed = await real.store.sessions.list(person.id as UserId, real.clock.now());
    expect(listed.map(({ sid }) => sid).toSorted()).toEqual(sids(model.live(person)));
  }
  expect(real.alarms).toEqual([]);
}

const sids = (logins: readonly Login[]): readonly string[] => logins.map(({ sid }) => sid).toSorted();

/** Counted from the newest: that is where most of life happens. */
function pick<T>(all: readonly T[], at: number): T | undefined {
  return all[all.length - 1 - (at % Math.max(1, all.length))];
}

function hand(model: Model, login: Login, got: Got): void {
  if (login.carrier === "cookie") model.hand(login, { ticket: got.ticket ?? "" });
  else model.hand(login, { access: String(got.body["access_token"]), refresh: String(got.body["refresh_token"]) });
}

function signIn(at: number, who: number, password: string, carrier: Login["carrier"], also: number | null): Run {
  return async (model, real) => {
    const person = pick(model.people, who) as Person;
    const by =
      also === null
        ? undefined
        : pick(
            model.credentials.filter(({ kind }) => kind === "ticket"),
            also,
          );
    const got = await real.call(at, "POST", "/auth/sign-in", { by, json: { email: person.email, password, carrier } });
    if (person.disabled || password !== person.password) {
      expect(got.status).toBe(401);
      return;
    }
    expect(got.status).toBe(200);
    if (by !== undefined && carrier === "cookie" && model.isAuthentic(by)) model.end(by.login);
    hand(model, model.begin((got.body["session"] as { sid: string }).sid, person, carrier), got);
  };
}

/** A call by whoever holds this credential: 401 unless it lets in, else what `then` expects. */
function asking(at: number, which: number, then: (model: Model, real: Real, by: Credential, call: Caller) => Promise<void>): Run {
  return async (model, real) => {
    const by = pick(model.credentials, which);
    if (by === undefined) return;
    const isIn = model.shows(by);
    const call: Caller = async (method, path, json) => {
      const got = await real.call(at, method, path, { by, ...(json === undefined ? {} : { json }) });
      if (!isIn) expect(got.status).toBe(401);
      return isIn ? got : null;
    };
    await then(model, real, by, call);
  };
}

type Caller = (method: string, path: string, json?: Readonly<Record<string, string>>) => Promise<Got | null>;

const me = (at: number, which: number): Run =>
  asking(at, which, async (_, __, by, call) => {
    const got = await call("GET", "/auth/me");
    if (got !== null) expect([got.status, (got.body["session"] as { sid: string }).sid]).toEqual([200, by.login.sid]);
  });

const confirm = (at: number, which: number, password: string): Run =>
  asking(at, which, async (model, _, { login }, call) => {
    const got = await call("POST", "/auth/confirm", { password });
    if (got === null) return;
    expect(got.status).toBe(password === login.person.password ? 200 : 401);
    if (got.status === 200) {
      model.renew(login);
      hand(model, login, got);
    }
  });

const changePassword = (at: number, which: number, current: string, next: string): Run =>
  asking(at, which, async (model, _, { login }, call) => {
    const got = await call("POST", "/auth/password", { current, new: next });
    if (got === null) return;
    expect(got.status).toBe(current === login.person.password ? 200 : 401);
    if (got.status !== 200) return;
    login.person.password = next;
    model.endAll(login.person, login);
    model.renew(login);
    hand(model, login, got);
  });

const endOne = (at: number, which: number, other: number): Run =>
  asking(at, which, async (model, _, { login, kind }, call) => {
    const target = pick(model.logins, other) as Login;
    const got = await call("DELETE", `/auth/sessions/${target.sid}`);
    if (got === null) return;
    if (target !== login && !model.isFresh(login)) expect(got.status).toBe(kind === "ticket" ? 403 : 401);
    else if (target.person !== login.person || target.ended) expect(got.status).toBe(404);
    else {
      expect(got.status).toBe(204);
      model.end(target);
    }
  });

const endAll = (at: number, which: number, keep: boolean): Run =>
  asking(at, which, async (model, _, { login, kind }, call) => {
    const got = await call("DELETE", `/auth/sessions${keep ? "?keep=current" : ""}`);
    if (got === null) return;
    if (keep && !model.isFresh(login)) {
      expect(got.status).toBe(kind === "ticket" ? 403 : 401);
      return;
    }
    expect([got.status, got.body["ended"]]).toEqual([200, model.live(login.person).length - (keep ? 1 : 0)]);
    model.endAll(login.person, keep ? login : null);
  });

/** Signing out ends the login of whatever is authentic, and says so of whatever is not. */
const signOut =
  (at: number, which: number): Run =>
  async (model, real) => {
    const by = pick(model.credentials, which);
    if (by === undefined) return;
    const sent = by.kind === "refresh" ? { json: { refresh_token: by.text } } : { by };
    const got = await real.call(at, "POST", "/auth/sign-out", sent);
    expect(got.status).toBe(model.isAuthentic(by) ? 204 : 401);
    if (got.status === 204) model.end(by.login);
  };

/** The same refresh token, shown so many times at once: by a thief, by tabs, by a client whose answer was lost. */
const refresh =
  (at: number, which: number, times: number, attempt: string | null): Run =>
  async (model, real) => {
    const by = pick(
      model.credentials.filter(({ kind }) => kind === "refresh"),
      which,
    );
    if (by?.kind !== "refresh") return;
    const { login, generation, text } = by;
    const form = { grant_type: "refresh_token", refresh_token: text, ...(attempt === null ? {} : { refresh_id: attempt }) };
    const shows = Array.from({ length: times }, (_, nth) => nth);
    const answers = await Promise.all(shows.map((nth) => real.call(at + nth, "POST", "/oauth/token", { form })));
    const expected = shows.map(() => model.refresh(login, generation, attempt));
    expect(sorted(answers.map(({ status }) => status))).toEqual(sorted(expected.map(statusOf)));
    const granted = answers.filter(({ status }) => status === 200);
    expect(new Set(granted.map(({ body }) => body["refresh_token"])).size).toBe(Math.min(1, granted.length));
    for (const got of granted) hand(model, login, got);
  };

const sorted = (statuses: readonly number[]): readonly number[] => statuses.toSorted((a, b) => a - b);

function statusOf(refreshing: Refreshing): number {
  return { next: 200, same: 200, wait: 429, refused: 400 }[refreshing];
}

/** Everything ends while somebody refreshes: whoever comes first, nothing that came of it lets in afterwards. */
const endWhileRefreshing =
  (at: number, which: number): Run =>
  async (model, real) => {
    const by = pick(
      model.credentials.filter((it) => it.kind === "refresh" && model.isLive(it.login)),
      which,
    );
    if (by?.kind !== "refresh") return;
    const form = { grant_type: "refresh_token", refresh_token: by.text };
    const [got] = await Promise.all([
      real.call(at, "POST", "/oauth/token", { form }),
      real.call(at + 1, "POST", "/oauth/revoke", { form: { token: by.text } }),
    ]);
    model.refresh(by.login, by.generation, null);
    if (got.status === 200) hand(model, by.login, got);
    model.end(by.login);
  };

const roles =
  (who: number, name: string): Run =>
  async (model, real) => {
    const person = pick(model.people, who) as Person;
    await real.store.users.setRoles(person.id as UserId, [name], real.clock.now());
    model.changeRoles(person);
  };

const disable =
  (who: number, disabled: boolean): Run =>
  async (model, real) => {
    const person = pick(model.people, who) as Person;
    await real.store.users.setDisabled(person.id as UserId, disabled, real.clock.now());
    model.disable(person, disabled);
  };

const wait =
  (ms: number): Run =>
  async (model, real) => {
    real.clock.advance(ms);
    model.now += ms;
  };

/** Everybody who is in looks in, on one node: it keeps their logins from idling. */
const everybody =
  (at: number): Run =>
  async (model, real) => {
    for (const credential of model.credentials.filter((it) => it.kind === "ticket" && model.letsIn(it))) {
      const verdict = await pick(real.nodes, at)?.check(shownBy(credential));
      expect(verdict, `ticket of ${credential.login.sid}`).toMatchObject({ ok: true });
      model.shows(credential);
    }
  };

const n = fc.oneof(fc.nat(3), fc.nat(1_000));
const password = fc.oneof({ weight: 3, arbitrary: fc.constant(PASSWORDS[0]) }, { weight: 1, arbitrary: fc.constantFrom(...PASSWORDS) });
const attempt = fc.option(fc.constantFrom("attempt-number-one", "attempt-number-two"));
const SECOND = 1_000;
const MINUTE = 60 * SECOND;

function step<A extends unknown[]>(
  name: string,
  make: (...args: A) => Run,
  ...args: { [K in keyof A]: fc.Arbitrary<A[K]> }
): fc.Arbitrary<Step> {
  return fc
    .tuple(...(args as fc.Arbitrary<unknown>[]))
    .map((values) => new Step(`${name}(${values.map(String).join(", ")})`, make(...(values as A))));
}

const carrier = fc.constantFrom<Login["carrier"][]>("cookie", "token");

const MOVES = fc.constantFrom(
  SECOND,
  9 * SECOND,
  11 * SECOND,
  MINUTE,
  2 * MINUTE,
  5 * MINUTE + SECOND,
  10 * MINUTE - SECOND,
  10 * MINUTE,
  30 * MINUTE,
);

const STEPS: readonly fc.Arbitrary<Step>[] = [
  step("signIn", signIn, n, n, password, carrier, fc.option(n)),
  step("signIn", signIn, n, n, fc.constant(PASSWORDS[0]), carrier, fc.constant(null)),
  step("me", me, n, n),
  step("everybody", everybody, n),
  step("confirm", confirm, n, n, password),
  step("changePassword", changePassword, n, n, password, fc.constantFrom(...PASSWORDS)),
  step("endOne", endOne, n, n, n),
  step("endAll", endAll, n, n, fc.boolean()),
  step("signOut", signOut, n, n),
  step("refresh", refresh, n, n, fc.constant(1), attempt),
  step("refresh", refresh, n, n, fc.integer({ min: 2, max: 5 }), fc.constant(null)),
  step("endWhileRefreshing", endWhileRefreshing, n, n),
  step("roles", roles, n, fc.constantFrom("editor", "admin")),
  step("disable", disable, n, fc.boolean()),
  step("wait", wait, MOVES),
  step("wait", wait, fc.constantFrom(SECOND, 9 * SECOND)),
];

/** Any sequence of steps. */
export function stories(maxSteps: number): fc.Arbitrary<Iterable<fc.AsyncCommand<Model, Real>>> {
  return fc.commands([...STEPS], { maxCommands: maxSteps, size: "max" });
}
