import { afterEach, describe, expect, it } from "vitest";
import { seq } from "../src/core/ids.ts";
import { duration, instant } from "../src/core/time.ts";
import { CoatcheckError, ConfigError, coatcheck, memory } from "../src/index.ts";
import type { Auth, CoatcheckOptions, Started, UserView } from "../src/index.ts";
import { SILENT } from "./support/engine.ts";

const ISSUER = "http://localhost:3000";
const people = new Map<string, UserView>();
const open: Auth[] = [];

afterEach(async () => {
  people.clear();
  for (const auth of open.splice(0)) await auth.close();
});

/** An application with its own users table. */
async function application(options: Partial<CoatcheckOptions> = {}): Promise<Auth> {
  people.set("42", { id: "42", roles: ["editor"], disabled: false, profile: { name: "Ada" } });
  const auth = await coatcheck({
    issuer: ISSUER,
    store: memory(),
    log: SILENT,
    users: { get: async (id) => people.get(id) ?? null },
    ...options,
  });
  open.push(auth);
  return auth;
}

const shown = (started: Started) =>
  started.setCookie === null
    ? { authorization: `Bearer ${started.tokens?.access_token}` }
    : { cookie: started.setCookie.split(";", 1)[0] as string };

describe.each(["cookie", "token"] as const)("an application with its own users, by %s", (carrier) => {
  const logIn = (auth: Auth) => auth.start({ userId: "42", amr: ["hwk"], carrier });

  it("starts a session for whom it has proved, and knows them again", async () => {
    const auth = await application({ claims: { tenant: () => "acme" } });
    const started = await logIn(auth);
    expect(started.setCookie === null).toBe(started.tokens !== null);
    expect(await auth.check(shown(started))).toMatchObject({
      ok: true,
      principal: { userId: "42", roles: ["editor"], amr: ["hwk"], carrier, claims: { tenant: "acme" } },
    });
    const me = await auth.fetch(new Request(`${ISSUER}/auth/me`, { headers: shown(started) }));
    expect(await me.json()).toMatchObject({ user: { id: "42", roles: ["editor"], name: "Ada" }, session: { carrier } });
  });

  it.each(["coatcheck", `cli_${"c".repeat(22)}`])(
    "starts nothing for a user who is called %s, as clients are (RFC 9700 §4.15)",
    async (id) => {
      const auth = await application({ users: { get: async () => ({ id, roles: [], disabled: false }) } });
      await expect(auth.start({ userId: id, amr: ["hwk"], carrier })).rejects.toMatchObject({
        code: "invalid_input",
        details: { fields: [{ pointer: "/userId" }] },
      });
    },
  );

  it("ends one session, or all of a user", async () => {
    const auth = await application();
    const [one, two, three] = [await logIn(auth), await logIn(auth), await logIn(auth)];
    expect(await auth.end({ sid: one.session.sid })).toEqual({ ended: 1 });
    expect(await auth.end({ sid: one.session.sid })).toEqual({ ended: 0 });
    expect(await auth.check(shown(one))).toEqual({ ok: false, reason: "ended" });
    expect(await auth.check(shown(two))).toMatchObject({ ok: true });
    expect(await auth.end({ userId: "42" }, { wait: true })).toEqual({ ended: 2 });
    for (const gone of [two, three]) expect(await auth.check(shown(gone))).toEqual({ ok: false, reason: "ended" });
  });

  it("hears of a changed role, and of somebody who was disabled or is gone", async () => {
    const auth = await application();
    const started = await logIn(auth);
    await auth.check(shown(started));
    people.set("42", { id: "42", roles: ["admin"], disabled: false });
    await auth.changed("42");
    const changed = await auth.check(shown(started));
    // A token says what was true when it was made, so it must be refreshed; a cookie says nothing.
    expect(changed).toMatchObject(carrier === "token" ? { ok: false, reason: "stale" } : { ok: true, principal: { roles: ["admin"] } });
    people.set("42", { id: "42", roles: ["admin"], disabled: true });
    await auth.changed("42");
    expect(await auth.check(shown(started))).toEqual({ ok: false, reason: "ended" });
    people.set("42", { id: "42", roles: ["admin"], disabled: false });
    await auth.changed("42");
    expect(await auth.check(shown(started))).toEqual({ ok: false, reason: "ended" });
  });

  it("starts none for a user who is disabled or unknown", async () => {
    const auth = await application();
    people.set("42", { id: "42", roles: [], disabled: true });
    await expect(logIn(auth)).rejects.toMatchObject({ code: "unauthenticated" });
    people.delete("42");
    await expect(logIn(auth)).rejects.toThrow(CoatcheckError);
  });
});

describe("the library", () => {
  it("keeps data about a login with its session, out of the token, and refuses more than 4 kB", async () => {
    const auth = await application();
    const started = await auth.start({ userId: "42", amr: ["pwd"], carrier: "token", data: { theme: "dark" } });
    expect(started.session.data).toEqual({ theme: "dark" });
    expect(await auth.session(started.session.sid)).toEqual(started.session);
    expect(Object.keys(started.session)).not.toEqual(expect.arrayContaining(["secretHash"]));
    await auth.end({ sid: started.session.sid });
    expect(await auth.session(started.session.sid)).toBeNull();
    const payload = Buffer.from(started.tokens?.access_token.split(".")[1] ?? "", "base64url").toString();
    expect(payload).not.toContain("theme");
    await expect(auth.start({ userId: "42", amr: ["pwd"], carrier: "cookie", data: "x".repeat(4_095) })).rejects.toMatchObject({
      code: "invalid_input",
    });
  });

  it("has no sign-up, sign-in, confirm or password when the application has its own users", async () => {
    const auth = await application();
    for (const path of ["/auth/sign-up", "/auth/sign-in", "/auth/confirm", "/auth/password"]) {
      expect((await auth.fetch(new Request(ISSUER + path, { method: "POST" }))).status, path).toBe(404);
    }
  });

  it("refuses to declare a claim that everybody could read and nobody should, or that means something already", async () => {
    for (const name of ["password", "email", "sid"]) {
      await expect(application({ claims: { [name]: () => "x" } }), name).rejects.toThrow(ConfigError);
    }
  });

  it("names the nearest option when one is unknown", async () => {
    await expect(application({ absolut: "30d" } as object)).rejects.toThrow(/absolut.*did you mean "absolute"/);
  });

  it("mounts its routes under a base path, and the well-known addresses at the root", async () => {
    const auth = await application({
      issuer: "https://example.com/id",
      secret: "kZ0nS7fX0Qm1vB9cJ4tYq2wLr8uHd5eGx3oPa6iTfVs",
      basePath: "/api/login",
    });
    expect((await auth.fetch(new Request("https://example.com/api/login/auth/me"))).status).toBe(401);
    expect((await auth.fetch(new Request("https://example.com/auth/me"))).status).toBe(404);
    const jwks = await auth.wellKnown(new Request("https://example.com/.well-known/jwks.json/id"));
    expect(jwks?.status).toBe(200);
    expect(await auth.wellKnown(new Request("https://example.com/elsewhere"))).toBeNull();
  });

  it("mounts some of its routes", async () => {
    const auth = await application({ routes: ["sessions"] });
    expect((await auth.fetch(new Request(`${ISSUER}/auth/me`))).status).toBe(401);
    expect((await auth.fetch(new Request(`${ISSUER}/oauth/token`, { method: "POST" }))).status).toBe(404);
  });
});

describe("whoever waits for an end", () => {
  const LEASE = duration("5s");

  async function withVerifier() {
    const store = memory();
    const auth = await application({ store });
    const { feed } = store;
    const applied = async (from: number): Promise<void> => {
      const { fromMark } = await feed.since(seq(from));
      await feed.confirm({ holder: "a verifier", from: seq(from), mark: fromMark ?? "", lease: LEASE }, instant(Date.now()));
    };
    await applied(0);
    return { auth, store, applied, head: async () => (await feed.since(seq(0))).head };
  }

  /** Whether it is still waiting when everything else has had its turn. */
  async function waits(answer: Promise<unknown>): Promise<boolean> {
    const turn = new Promise((go) => setTimeout(go, 60));
    return (await Promise.race([answer.then(() => "answered"), turn])) !== "answered";
  }

  it.each(["the library", "DELETE /auth/sessions?wait=true"])("is answered when the last lease holder has applied it: %s", async (by) => {
    const { auth, applied, head } = await withVerifier();
    const started = await auth.start({ userId: "42", amr: ["hwk"], carrier: "cookie" });
    const url = `${ISSUER}/auth/sessions?wait=true`;
    const headers = { ...shown(started), origin: ISSUER };
    const ending =
      by === "the library"
        ? auth.end({ userId: "42" }, { wait: true })
        : auth.fetch(new Request(url, { method: "DELETE", headers })).then((it) => it.json());
    expect(await waits(ending)).toBe(true);
    expect(await auth.check(shown(started))).toMatchObject({ ok: false, reason: "ended" });
    await applied(await head());
    expect(await ending).toEqual({ ended: 1 });
  });

  it("does not wait unless it is asked to", async () => {
    const { auth } = await withVerifier();
    await auth.start({ userId: "42", amr: ["hwk"], carrier: "cookie" });
    expect(await auth.end({ userId: "42" })).toEqual({ ended: 1 });
  });
});

describe("what is open for a session", () => {
  it("is closed when the session ends, and forgotten when it closed by itself", async () => {
    const auth = await application();
    const { session } = await auth.start({ userId: "42", amr: ["hwk"], carrier: "token" });
    const other = await auth.start({ userId: "42", amr: ["hwk"], carrier: "token" });
    const closed: string[] = [];
    const why = new Promise<string>((close) => auth.onEnded(session.sid, close));
    const forget = auth.onEnded(session.sid, (it) => closed.push(it));
    auth.onEnded(other.session.sid, (it) => closed.push(it));
    forget();
    await auth.end({ sid: session.sid });
    expect(await why).toBe("ended");
    expect(closed).toEqual([]);
  });

  it.each(["AAAAAAAAAAAAAAAAAAAAAA", "nonsense"])("is closed at once if there is no such session: %s", async (sid) => {
    const auth = await application();
    expect(await new Promise((close) => auth.onEnded(sid, close))).toBe("ended");
  });

  it("is closed if nobody can say whether the session lives", async () => {
    const store = memory();
    const auth = await application({ store });
    const { session } = await auth.start({ userId: "42", amr: ["hwk"], carrier: "token" });
    await store.close();
    expect(await new Promise((close) => auth.onEnded(session.sid, close))).toBe("unknown");
    await store.open();
  });
});
