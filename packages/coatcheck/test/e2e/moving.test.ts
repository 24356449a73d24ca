import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { moveStore } from "../../src/stores/moving/index.ts";
import { postgres } from "../../src/stores/postgres/index.ts";
import { sqlite } from "../../src/stores/sqlite/index.ts";
import { openHouse, PASSWORD } from "../http/support.ts";
import type { Got, House, Visitor } from "../http/support.ts";
import { movedEvent } from "../stores/moving/event.ts";
import { temporary } from "../stores/open.ts";
import { PROGRAMS, startPostgres } from "../support/postgres.ts";
import type { PostgresServer } from "../support/postgres.ts";

const EMAIL = "ada@example.com";
const HAL = "hal@example.com";

const me = ({ call }: House, { headers }: Pick<Visitor, "headers">): Promise<Got> => call("GET", "/auth/me", { headers });
const refresh = ({ call }: House, refresh_token: string): Promise<Got> =>
  call("POST", "/oauth/token", { form: { grant_type: "refresh_token", refresh_token } });
const bearer = (token: string): Pick<Visitor, "headers"> => ({ headers: { authorization: `Bearer ${token}` } });

describe.skipIf(PROGRAMS === null)("people who are logged in while their store is moved to PostgreSQL", { timeout: 60_000 }, () => {
  let server: PostgresServer;
  let folder: ReturnType<typeof temporary>;
  let file: string;
  let to: string;
  const houses: House[] = [];

  beforeAll(async () => {
    server = await startPostgres();
  }, 60_000);
  afterAll(() => server.remove());
  beforeEach(async () => {
    folder = temporary();
    file = folder.path("store.db");
    to = await server.database();
  });
  afterEach(async () => {
    for (const house of houses.splice(0)) await house.store.close();
    folder.remove();
  });

  const options = { grace: "0s" } as const;

  async function open(store: House["store"]): Promise<House> {
    const house = await openHouse({ store, options });
    houses.push(house);
    return house;
  }

  /** Moves under the running old house. @returns the new one. */
  async function move(): Promise<House> {
    await moveStore(file, to, { event: movedEvent });
    return await open(postgres(to));
  }

  it("stay so, by cookie, by refresh token and as a client, and sign in by the same password", async () => {
    const old = await open(sqlite(file));
    const cookie = await old.arrive("cookie");
    const token = await old.signIn("token");
    const hired = await old.hire();
    expect((await me(old, cookie)).status).toBe(200);

    const now = await move();
    expect((await me(now, cookie)).json.session).toMatchObject({ sid: cookie.sid });
    // An access token is from before the epoch: it says to refresh, once, and that goes on where it was.
    expect((await me(now, token)).json).toMatchObject({ code: "stale_claims" });
    const refreshed = await refresh(now, token.got.json.refresh_token);
    expect(refreshed.status).toBe(200);
    expect((await me(now, bearer(refreshed.json.access_token))).json.session).toMatchObject({ sid: token.sid });
    const form = { grant_type: "client_credentials", scope: "read", ...hired.form };
    expect((await now.call("POST", "/oauth/token", { form })).status).toBe(200);
    expect((await now.signIn("cookie")).sid).not.toBe(cookie.sid);
    expect((await now.call("GET", "/auth/sessions", { headers: cookie.headers })).json.sessions).toHaveLength(3);
  });

  it("do not come back if they had been ended, by cookie, access token or refresh token, one by one or all at once", async () => {
    const old = await open(sqlite(file));
    const ended = [await old.arrive("cookie"), await old.signIn("token")] as const;
    const hal = await old.arrive("cookie", HAL);
    const halsToken = await old.call("POST", "/auth/sign-in", { json: { email: HAL, password: PASSWORD, carrier: "token" } });
    const kept = await old.signIn("cookie");
    const [, token] = ended;
    for (const { headers } of ended) expect((await old.call("POST", "/auth/sign-out", { headers })).status).toBeLessThan(300);
    expect((await old.call("DELETE", "/auth/sessions", { headers: hal.headers })).status).toBe(200);
    const rotated = await refresh(old, (await old.signIn("token")).got.json.refresh_token);
    await refresh(old, token.got.json.refresh_token);

    const now = await move();
    for (const visitor of [ended[0], hal]) expect((await me(now, visitor)).json.code).toBe("unauthenticated");
    // Not stale_claims, which would say to refresh.
    for (const got of [token.got, halsToken]) {
      expect((await me(now, bearer(got.json.access_token))).json.code).toBe("invalid_token");
      expect((await refresh(now, got.json.refresh_token)).json.error).toBe("invalid_grant");
    }
    expect((await me(now, kept)).status).toBe(200);
    expect((await refresh(now, rotated.json.refresh_token)).status).toBe(200);
  });

  it("are still told of a refresh token that was used before: it is reuse there as it was here", async () => {
    const old = await open(sqlite(file));
    const { got } = await old.arrive("token");
    const next = await refresh(old, got.json.refresh_token);
    expect(next.status).toBe(200);

    const now = await move();
    expect((await refresh(now, got.json.refresh_token)).status).toBe(400);
    expect((await refresh(now, next.json.refresh_token)).status).toBe(400);
  });

  it("are told by whoever still serves the file to try again, never that they are logged out", async () => {
    const old = await open(sqlite(file));
    const cookie = await old.arrive("cookie");
    const token = await old.signIn("token");
    for (const visitor of [cookie, token]) expect((await me(old, visitor)).status).toBe(200);

    const now = await move();
    expect((await now.call("POST", "/auth/sign-out", { headers: cookie.headers })).status).toBeLessThan(300);
    for (let at = 0; at < 3; at += 1) {
      for (const visitor of [cookie, token])
        expect(await me(old, visitor)).toMatchObject({ status: 503, json: { code: "store_unavailable" } });
    }
    expect((await refresh(old, token.got.json.refresh_token)).status).toBe(503);
    expect((await old.call("POST", "/auth/sign-out", { headers: token.headers })).status).toBe(503);
    const signIn = { json: { email: EMAIL, password: PASSWORD, carrier: "cookie" } };
    expect((await old.call("POST", "/auth/sign-in", signIn)).status).toBe(503);
    expect((await old.call("GET", "/readyz")).status).toBe(503);
    // Nothing of that was done.
    expect((await refresh(now, token.got.json.refresh_token)).status).toBe(200);
  });
});
