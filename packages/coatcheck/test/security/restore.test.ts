import { copyFileSync, existsSync, rmSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { seq } from "../../src/core/ids.ts";
import type { UserId } from "../../src/core/ids.ts";
import { sqlite } from "../../src/stores/sqlite/index.ts";
import { EMAIL, openHouse, PASSWORD, shown } from "../http/support.ts";
import type { Got, House, Visitor } from "../http/support.ts";
import { temporary } from "../stores/open.ts";
import { startServer, withServer } from "../support/server.ts";

interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
}

/** A store in one file that is closed, copied and opened again: what an operator's backup and restore do. */
class Backups {
  readonly #folder = temporary();
  readonly #file = this.#folder.path("x.db");
  #house: House | null = null;

  async open(): Promise<House> {
    this.#house = await openHouse({ store: sqlite(this.#file), options: { grace: "0s" } });
    return this.#house;
  }

  async close(): Promise<void> {
    await this.#house?.store.close();
  }

  async backUp(): Promise<House> {
    await this.close();
    copyFileSync(this.#file, `${this.#file}.backup`);
    return this.open();
  }

  async restore(): Promise<House> {
    await this.close();
    for (const rest of ["-wal", "-shm"]) if (existsSync(this.#file + rest)) rmSync(this.#file + rest);
    copyFileSync(`${this.#file}.backup`, this.#file);
    return this.open();
  }

  async remove(): Promise<void> {
    await this.close();
    this.#folder.remove();
  }
}

async function withBackups(body: (backups: Backups) => Promise<void>): Promise<void> {
  const backups = new Backups();
  try {
    await body(backups);
  } finally {
    await backups.remove();
  }
}

const refresh = ({ call }: House, refresh_token: string): Promise<Got> =>
  call("POST", "/oauth/token", { form: { grant_type: "refresh_token", refresh_token } });
const status = async ({ call }: House, headers: Readonly<Record<string, string>>): Promise<number> =>
  (await call("GET", "/auth/me", { headers })).status;
const idOf = ({ got }: Visitor): UserId => got.json.user["id"] as UserId;

describe("S4 a rotated token valid again after a restart or a restore (CVE-2026-9802)", { timeout: 60_000 }, () => {
  it("after a restart an old generation is still reuse: nothing is judged by when the process started", () =>
    withServer(
      async (server) => {
        const json = { "content-type": "application/json" };
        const body = JSON.stringify({ email: EMAIL, password: PASSWORD, carrier: "token" });
        const first = (await (await fetch(`${server.url}/auth/sign-up`, { method: "POST", headers: json, body })).json()) as Tokens;
        const renew = (url: string, token: string): Promise<Response> =>
          fetch(`${url}/oauth/token`, { method: "POST", body: new URLSearchParams({ grant_type: "refresh_token", refresh_token: token }) });
        const second = (await (await renew(server.url, first.refresh_token)).json()) as Tokens;
        await server.stop();

        const next = await startServer(server.folder, ["--grace", "0s", "--issuer", server.url, "--port", new URL(server.url).port]);
        const me = (): Promise<Response> => fetch(`${next.url}/auth/me`, { headers: { authorization: `Bearer ${second.access_token}` } });
        expect((await me()).status).toBe(200);
        expect((await renew(next.url, first.refresh_token)).status).toBe(400);
        expect((await me()).status).toBe(401);
        expect((await renew(next.url, second.refresh_token)).status).toBe(400);
        await next.stop();
      },
      ["--grace", "0s"],
    ));

  it("after a restore a refresh token from the lost time rotates nothing, raises the alarm, and its session ends: the stolen older one with it", () =>
    withBackups(async (backups) => {
      let house = await backups.open();
      const { got } = await house.arrive("token");
      const one = await refresh(house, got.json.refresh_token);
      house = await backups.backUp();
      const two = await refresh(house, one.json.refresh_token);
      expect(two.status).toBe(200);

      house = await backups.restore();
      expect(await refresh(house, two.json.refresh_token)).toMatchObject({ status: 400, json: { error: "invalid_grant" } });
      expect(house.log.map(({ event }) => event)).toContain("refresh_token_from_the_future");
      for (const old of [got, one, two]) expect((await refresh(house, old.json.refresh_token)).status).toBe(400);
      for (const old of [got, one]) expect(await status(house, shown(old))).toBe(401);
    }));

  it("after a restore generations from before the backup are reuse, as they were", () =>
    withBackups(async (backups) => {
      let house = await backups.open();
      const { got } = await house.arrive("token");
      const one = await refresh(house, got.json.refresh_token);
      await backups.backUp();
      house = await backups.restore();
      expect((await refresh(house, got.json.refresh_token)).status).toBe(400);
      expect((await refresh(house, one.json.refresh_token)).status).toBe(400);
    }));

  it("after a restore an access token from the lost time is refused, and raises the alarm and the epoch", () =>
    withBackups(async (backups) => {
      let house = await backups.open();
      const ada = await house.arrive("token");
      house = await backups.backUp();
      await house.store.users.setRoles(idOf(ada), ["admin"], house.clock.now());
      const admin = await house.signIn("token");
      expect(await status(house, admin.headers)).toBe(200);

      house = await backups.restore();
      const { head } = await house.store.feed.since(seq(0));
      expect(await status(house, admin.headers)).toBe(401);
      expect(house.log.map(({ event }) => event)).toContain("store_rolled_back");
      expect((await house.store.feed.since(seq(0))).head).toBeGreaterThan(head + 2 ** 39);
      // And the roles of the time before are those that count again: every access token from before must be renewed.
      expect(await house.routes.check(ada.headers)).toEqual({ ok: false, reason: "stale" });
    }));

  it("what ended after the backup lives again, which no store can know by itself: one mark after the restore ends it all", () =>
    withBackups(async (backups) => {
      let house = await backups.open();
      const ada = await house.arrive("cookie");
      const token = await house.signIn("token");
      house = await backups.backUp();
      await house.call("DELETE", "/auth/sessions", { headers: ada.headers });
      expect(await status(house, ada.headers)).toBe(401);

      house = await backups.restore();
      expect(await status(house, ada.headers)).toBe(200);
      // The epoch first, so that the mark stands above every position that the lost time had given out.
      const { head } = await house.store.feed.since(seq(0));
      await house.store.feed.raiseEpoch(head, head, house.clock.now());
      await house.store.feed.append("global", "", house.clock.now());
      for (const { headers } of [ada, token]) expect(await status(house, headers)).toBe(401);
      expect((await refresh(house, token.got.json.refresh_token)).status).toBe(400);
    }));
});
