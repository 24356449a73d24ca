import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { hrtime } from "node:process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Composed } from "../../src/compose.ts";
import type { UserId } from "../../src/core/ids.ts";
import { sqlite } from "../../src/stores/sqlite/index.ts";
import { EMAIL, openHouse, PASSWORD, shown } from "../http/support.ts";
import { RawConnection, statuses } from "../server/raw.ts";
import { temporary } from "../stores/open.ts";
import { newUser } from "../stores/processes/records.ts";
import { engineOn } from "../support/engine.ts";
import { withServer } from "../support/server.ts";
import { credential, device, refreshTokenOf } from "../support/world.ts";
import { tally } from "../accounts/support.ts";
import type { Done, Ending, Task } from "./racer.ts";

const HEAD_START = 3_000_000n;

describe("S3 refresh against sign-out, log-out everywhere, password change, disabling (GHSA-392p-2q2v-4372)", { timeout: 120_000 }, () => {
  const folder = temporary();
  const file = folder.path("race.db");
  let composed: Composed;
  let racers: readonly ChildProcess[];

  beforeAll(async () => {
    composed = await engineOn({ store: sqlite(file) });
    racers = await Promise.all(
      Array.from({ length: 3 }, async () => {
        const child = fork(new URL("./racer.ts", import.meta.url), [file], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
        await once(child, "message");
        return child;
      }),
    );
  }, 60_000);
  afterAll(async () => {
    for (const racer of racers) racer.kill();
    await composed.close();
    folder.remove();
  });

  async function ask(racer: ChildProcess | undefined, task: Task): Promise<Done> {
    if (racer === undefined) throw new Error("no such racer");
    const answered = once(racer, "message");
    racer.send(task);
    return (await answered)[0] as Done;
  }

  const logIn = async (user: { readonly id: UserId }) => {
    const proof = await composed.engine.store.users.byId(user.id);
    if (proof === null) throw new Error("no such user");
    const start = { user: proof.user, rsq: proof.head, amr: ["pwd"], carrier: "token", device, data: null, replaces: null } as const;
    return composed.engine.sessions.start(start);
  };

  /** One user, two sessions: one rotates in two processes while a third process ends it. @returns what is still let in afterwards, and by whom. */
  async function round(
    ending: Ending,
  ): Promise<{ survivors: readonly string[]; keptLives: boolean; overlapped: boolean; rotations: number }> {
    const user = newUser({});
    await composed.engine.store.users.create(user, "hash");
    const [kept, raced] = [await logIn(user), await logIn(user)];
    const at = String(hrtime.bigint() + HEAD_START);
    const refreshToken = refreshTokenOf(raced);
    const [one, two, end] = await Promise.all([
      ask(racers[0], { kind: "rotate", refreshToken, at }),
      ask(racers[1], { kind: "rotate", refreshToken, at }),
      ask(racers[2], { kind: ending, sid: raced.session.sid, userId: user.id, keep: kept.session.sid, expect: "hash", at }),
    ]);
    const access = [credential(raced), ...one.access, ...two.access];
    const refresh = [refreshToken, ...one.refresh, ...two.refresh];
    const checks = await Promise.all(racers.map((racer) => ask(racer, { kind: "check", access, refresh })));
    const keptLives = (await composed.engine.sessions.find(kept.session.sid)) !== null;
    const overlapped = [one, two].some((it) => BigInt(it.from) < BigInt(end.to) && BigInt(end.from) < BigInt(it.to));
    return { survivors: checks.flatMap((it) => [...it.access, ...it.refresh]), keptLives, overlapped, rotations: access.length - 1 };
  }

  it.each(["sign-out", "everywhere", "password", "disable"] as const)("%s: nobody survives, and who is spared lives", async (ending) => {
    let [overlapped, rotations] = [0, 0];
    for (let count = 0; count < 12; count++) {
      const it = await round(ending);
      expect(it.survivors).toEqual([]);
      expect(it.keptLives).toBe(ending !== "disable");
      if (it.overlapped) overlapped += 1;
      rotations += it.rotations;
    }
    // A race that never was one proves nothing.
    expect(overlapped).toBeGreaterThan(3);
    expect(rotations).toBeGreaterThan(0);
  });
});

describe("S9 replay of what was captured (GHSA-3p3g-vpw6-4w66, CVE-2025-27370)", () => {
  const tokenForm = (refresh_token: string, rest: object = {}) => ({ form: { grant_type: "refresh_token", refresh_token, ...rest } });

  it("a refresh token that was copied is found out at its second use: the session ends, at every process", async () => {
    const folder = temporary();
    const [here, there] = await Promise.all([1, 2].map(() => openHouse({ store: sqlite(folder.path("x.db")) })));
    if (here === undefined || there === undefined) throw new Error("two processes");
    const { got } = await here.arrive("token");
    const owner = await here.call("POST", "/oauth/token", tokenForm(got.json.refresh_token, { refresh_id: "the-owners-attempt" }));
    for (const house of [here, there]) house.clock.advance("11s");
    const thief = await there.call("POST", "/oauth/token", tokenForm(got.json.refresh_token, { refresh_id: "somebody-elses-attempt" }));
    expect(thief).toMatchObject({ status: 400, json: { error: "invalid_grant" } });
    for (const house of [here, there]) {
      expect((await house.call("GET", "/auth/me", { headers: shown(owner) })).status).toBe(401);
      expect((await house.call("POST", "/oauth/token", tokenForm(owner.json.refresh_token))).status).toBe(400);
    }
    expect(await here.events()).toContain("refresh_reused");
    for (const house of [here, there]) await house.store.close();
    folder.remove();
  });

  it("one from longer ago ends it at once, grace or not, and so it does for whoever copied it", async () => {
    const house = await openHouse();
    const { got } = await house.arrive("token");
    const second = await house.call("POST", "/oauth/token", tokenForm(got.json.refresh_token));
    const third = await house.call("POST", "/oauth/token", tokenForm(second.json.refresh_token));
    expect((await house.call("POST", "/oauth/token", tokenForm(got.json.refresh_token))).json.error).toBe("invalid_grant");
    expect((await house.call("GET", "/auth/me", { headers: shown(third) })).status).toBe(401);
    expect((await house.call("POST", "/oauth/token", tokenForm(third.json.refresh_token))).json.error).toBe("invalid_grant");
    expect(await house.events()).toContain("refresh_reused");
  });

  it("no two tokens have one jti, and none is ever refused for another's", async () => {
    const house = await openHouse();
    const { got } = await house.arrive("token");
    const seen: string[] = [];
    for (let { json } = got, count = 0; count < 100; count++) {
      seen.push((JSON.parse(Buffer.from(json.access_token.split(".")[1] as string, "base64url").toString()) as { jti: string }).jti);
      ({ json } = await house.call("POST", "/oauth/token", tokenForm(json.refresh_token)));
    }
    expect(new Set(seen).size).toBe(100);
    // A jti is no ticket for one ride: its token opens as often as it is shown.
    for (let count = 0; count < 3; count++) expect((await house.call("GET", "/auth/me", { headers: shown(got) })).status).toBe(200);
  });

  it("ended once is ended: showing a sign-out or a revocation again neither fails nor revives", async () => {
    const house = await openHouse();
    const { got, headers } = await house.arrive("token");
    for (let count = 0; count < 3; count++) {
      expect((await house.call("POST", "/oauth/revoke", { form: { token: got.json.refresh_token } })).status).toBe(200);
      expect((await house.call("POST", "/auth/sign-out", { headers })).status).toBe(204);
      expect((await house.call("GET", "/auth/me", { headers })).status).toBe(401);
    }
  });
});

describe("S10 one use, thirty at the same instant (GHSA-hc7v-rggr, GHSA-x88r)", { timeout: 120_000 }, () => {
  /** Thirty connections hold back the last byte of the same request, then all send it: they arrive within one packet's time of each other. */
  async function atOnce(url: string, path: string, type: string, body: string, count = 30): Promise<readonly string[]> {
    const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`;
    const connections = Array.from({ length: count }, () => new RawConnection(Number(new URL(url).port)));
    await Promise.all(connections.map((it) => it.sendAll(head + body.slice(0, -1))));
    for (const connection of connections) connection.send(body.slice(-1));
    return Promise.all(connections.map((it) => it.toEnd()));
  }

  const statusesOf = (answers: readonly string[]) => tally(answers.map((it) => String(statuses(it)[0])));
  const FORM = "application/x-www-form-urlencoded";
  const signUp = (email: string): string => JSON.stringify({ email, password: PASSWORD, carrier: "token" });
  async function refreshTokenAt(url: string): Promise<string> {
    const answer = await fetch(`${url}/auth/sign-up`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: signUp(EMAIL),
    });
    return ((await answer.json()) as { readonly refresh_token: string }).refresh_token;
  }
  const childrenIn = (answers: readonly string[]): ReadonlySet<string | undefined> =>
    new Set(answers.filter((it) => statuses(it)[0] === 200).map((it) => /"refresh_token":"([^"]+)"/.exec(it)?.[1]));

  it("a refresh token: one successor, whoever asks; an address: one account", () =>
    withServer(async ({ url }) => {
      const token = await refreshTokenAt(url);
      const answers = await atOnce(url, "/oauth/token", FORM, `grant_type=refresh_token&refresh_token=${token}`);
      expect(childrenIn(answers).size).toBe(1);
      // The winner, twenty replays within the grace, and the rest are told to wait.
      expect(statusesOf(answers)).toEqual({ 200: 21, 429: 9 });

      const accounts = await atOnce(url, "/auth/sign-up", "application/json", signUp("eve@example.com"), 10);
      expect(statusesOf(accounts)).toEqual({ 201: 1, 409: 9 });
    }));

  it("a refresh token without a grace: one success, and the others end it", () =>
    withServer(
      async ({ url }) => {
        const token = await refreshTokenAt(url);
        const answers = await atOnce(url, "/oauth/token", FORM, `grant_type=refresh_token&refresh_token=${token}`);
        expect(statusesOf(answers)).toEqual({ 200: 1, 400: 29 });
        const [child] = childrenIn(answers);
        const body = new URLSearchParams({ grant_type: "refresh_token", refresh_token: child as string });
        expect((await fetch(`${url}/oauth/token`, { method: "POST", body })).status).toBe(400);
      },
      ["--grace", "0s"],
    ));

  it("the current password: of many changes at once one wins", async () => {
    const house = await openHouse();
    const { headers } = await house.arrive("token");
    const changes = ["violet otter harbour 1", "violet otter harbour 2", "violet otter harbour 3", "violet otter harbour 4"];
    const got = await Promise.all(
      changes.map((next) => house.call("POST", "/auth/password", { json: { current: PASSWORD, new: next }, headers })),
    );
    expect(tally(got.map(({ status }) => String(status)))).toEqual({ 200: 1, 401: 3 });
  });
});
