import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { memory, sqlite } from "../../src/index.ts";
import type { Store } from "../../src/core/ports.ts";
import { duration, later } from "../../src/core/time.ts";
import { fragileStore } from "../support/fragile.ts";
import { CHANGES, followedHouse, settled, VERIFIER } from "./changes-support.ts";
import { EMAIL, ISSUER } from "./support.ts";

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

async function sqliteStore(): Promise<Store> {
  const folder = await mkdtemp(join(tmpdir(), "coatcheck-changes-"));
  folders.push(folder);
  return sqlite(join(folder, "test.db"));
}

const STORES = [
  ["memory", async () => memory()],
  ["SQLite", sqliteStore],
] as const;

describe.each(STORES)("GET /oauth/changes on %s", (_, store) => {
  it("gives what has ended or changed since a position, as it stands in the log", async () => {
    const house = await followedHouse({ store: await store() });
    const { sid } = await house.arrive("token");
    const before = (await house.ask()).body.head;
    await house.engine.sessions.end({ sid: sid as never }, { ip: "", why: "sign_out" });
    const key = await house.store.feed.append("key", "kid-1", house.clock.now());
    const got = await house.ask(`?from=${before}`);
    expect(got.status).toBe(200);
    expect(got.headers.get("cache-control")).toBe("no-store");
    const page = await house.store.feed.since(before as never);
    expect(got.body).toEqual({
      ...{ incarnation: page.incarnation, from: before, head: page.head, mark: page.mark, from_mark: page.fromMark },
      lease: 4.995,
      now: house.clock.now() / 1_000,
      entries: [
        { seq: before + 1, kind: "sid", key: sid, exp: Math.ceil((page.entries[0]?.expiresAt as number) / 1_000) },
        { seq: key, kind: "key", key: "kid-1", exp: 8_640_000_000_000 },
      ],
    });
    // The test's clock shows no whole second: what was cut would be early.
    expect(got.body.entries[0]?.exp).toBeGreaterThan((page.entries[0]?.expiresAt as number) / 1_000);
    await house.close();
  });

  it("from the head there is nothing, and from 0 everything", async () => {
    const house = await followedHouse({ store: await store() });
    const head = await house.happen();
    expect((await house.ask(`?from=${head}`)).body).toMatchObject({ from: head, head, entries: [] });
    const all = await house.ask("?from=0");
    expect(all.body.entries.at(-1)).toMatchObject({ seq: head, kind: "invalidate-user", key: "somebody" });
    expect(all.body).toMatchObject({ from: 0, from_mark: "" });
    expect((await house.ask()).body).toEqual(all.body);
    await house.close();
  });

  it("notes who asked as a holder of a lease, with what it has applied", async () => {
    const house = await followedHouse({ store: await store() });
    const head = await house.happen();
    const name = `client ${house.client.id} ${VERIFIER}`;
    const lease = duration("5s") - 5;
    await house.ask(`?verifier=${VERIFIER}`);
    expect(await house.holders()).toEqual([{ holder: name, applied: 0, lease }]);
    const { mark } = (await house.ask(`?verifier=${VERIFIER}`)).body;
    await house.ask(`?from=${head}&mark=${mark}&verifier=${VERIFIER}`);
    expect(await house.holders()).toEqual([{ holder: name, applied: head, lease }]);
    // Without its mark a position may be another log's.
    await house.ask(`?from=${head}&verifier=${VERIFIER}`);
    expect(await house.holders()).toEqual([{ holder: name, applied: 0, lease }]);
    await house.ask(`?from=${head}&mark=${mark}&verifier=another_of_them_2`);
    expect((await house.holders()).map(({ holder }) => holder).toSorted()).toEqual(
      [name, `client ${house.client.id} another_of_them_2`].toSorted(),
    );
    await house.close();
  });

  it("whoever gives no name may be several, and is noted as having applied nothing", async () => {
    const house = await followedHouse({ store: await store() });
    const head = await house.happen();
    const { mark } = (await house.ask()).body;
    const got = await house.ask(`?from=${head}&mark=${mark}`);
    expect(got.body).toMatchObject({ from: head, head, entries: [] });
    expect(await house.holders()).toMatchObject([{ holder: `client ${house.client.id}`, applied: 0 }]);
    await house.close();
  });

  it("a position that the log has forgotten is 409, with the address of everything", async () => {
    const house = await followedHouse({ store: await store() });
    const forgotten = await house.happen();
    await house.happen();
    await house.store.feed.prune(later(house.clock.now(), duration("1d")));
    for (const got of [await house.ask(`?from=${forgotten}&verifier=${VERIFIER}`), await house.ask(`?from=${forgotten}`)]) {
      expect(got).toMatchObject({ status: 409, json: { error: "invalid_request", code: "position_gone" } });
      expect(got.json).toMatchObject({ snapshot: `${ISSUER}${CHANGES}?from=0` });
      expect(got.body.lease).toBeUndefined();
    }
    // What it says it has applied is not what it can have applied.
    for (const { applied } of await house.holders()) expect(applied).toBe(0);
    await house.close();
  });

  it("a position that the log has not got to is 409 and an alarm, once a minute; the log is left as it is", async () => {
    const house = await followedHouse({ store: await store() });
    const head = await house.happen();
    const alarms = () => house.log.filter(({ level, event }) => level === "error" && event === "position_lost");
    const got = await house.ask(`?from=${head + 1}&verifier=${VERIFIER}`);
    expect(got).toMatchObject({ status: 409, json: { error: "invalid_request", code: "position_lost" } });
    expect(got.json).toMatchObject({ snapshot: `${ISSUER}${CHANGES}?from=0` });
    await house.ask(`?from=${head + 2}&verifier=${VERIFIER}`);
    expect(alarms().map(({ fields }) => fields)).toMatchObject([{ clientId: house.client.id, from: head + 1, head }]);
    house.clock.advance("1m");
    // The position is there, and was another's.
    expect((await house.ask(`?from=${head}&mark=another`)).json).toMatchObject({ code: "position_lost" });
    await house.ask(`?from=${head + 2}`);
    expect(alarms()).toHaveLength(2);
    // No new epoch begins on the word of one client.
    expect((await house.ask()).body.head).toBeLessThan(2 ** 40);
    expect(await house.holders()).toMatchObject([{ applied: 0 }, { applied: 0 }]);
    await house.close();
  });

  it("waits until there is something, and gives it at once", async () => {
    const house = await followedHouse({ store: await store() });
    const head = await house.happen();
    const { mark } = (await house.ask(`?verifier=${VERIFIER}`)).body;
    const waiting = house.ask(`?from=${head}&mark=${mark}&wait=30&verifier=${VERIFIER}`);
    await settled();
    // Noted when it came, not when it is answered.
    expect(await house.holders()).toMatchObject([{ applied: head }]);
    expect(house.open()).toBe(1);
    const next = await house.happen("somebody else");
    const got = await waiting;
    expect(got.body).toMatchObject({ from: head, head: next, entries: [{ seq: next, key: "somebody else" }] });
    expect(house.open()).toBe(0);
    expect(house.engine.changes.wakes.size).toBe(0);
    await house.close();
  });
});

describe("GET /oauth/changes", () => {
  it("says nothing about a person", async () => {
    const house = await followedHouse();
    const { headers } = await house.arrive("token");
    await house.call("DELETE", "/auth/sessions", { headers, peer: { address: "203.0.113.77" } });
    const { text, body } = await house.ask();
    expect(body.entries.length).toBeGreaterThan(0);
    for (const word of [EMAIL, "203.0.113", "Ada", "device", "@"]) expect(text).not.toContain(word);
    expect(new Set(body.entries.flatMap((entry) => Object.keys(entry)))).toEqual(new Set(["seq", "kind", "key", "exp"]));
  });

  it("is for clients with a secret alone", async () => {
    const house = await followedHouse();
    const { client, store, clock } = house;
    const [visitor, other] = [await house.arrive("token"), await house.hire()];
    await store.clients.setDisabled(other.id, true, clock.now());
    const wrong = { authorization: `Basic ${Buffer.from(`${client.id}:wrong`).toString("base64")}` };
    const unknown = { authorization: `Basic ${Buffer.from(`nobody:${client.secret}`).toString("base64")}` };
    const open = { authorization: `Basic ${Buffer.from("coatcheck:").toString("base64")}` };
    for (const headers of [{}, visitor.headers, wrong, unknown, open, other.basic]) {
      for (const accept of [{}, { accept: "text/event-stream" }]) {
        const got = await house.ask("", { ...headers, ...accept });
        expect(got).toMatchObject({ status: 401, json: { error: "invalid_client" } });
        expect(got.headers.get("www-authenticate")).toContain("Basic");
        expect(got.text).not.toContain("entries");
      }
    }
    // In the address a secret would be written down by everything on the way.
    expect((await house.ask(`?client_id=${client.id}&client_secret=${client.secret}`, {})).status).toBe(401);
    expect(await house.holders()).toEqual([]);
  });

  it.each([
    ["from=-1", "from"],
    ["from=1.5", "from"],
    ["from=01", "from"],
    ["from=9007199254740993", "from"],
    ["from=", "from"],
    ["wait=31", "wait"],
    ["wait=-1", "wait"],
    ["wait=1.5", "wait"],
    ["mark=a%20mark", "mark"],
    ["verifier=short", "verifier"],
    [`verifier=${"x".repeat(65)}`, "verifier"],
    ["verifier=client%20cli_0123456789", "verifier"],
    ["from=0&from=1", "more than once"],
    ["since=1", "not known"],
  ])("with %s is a request that can't be meant", async (query, says) => {
    const house = await followedHouse();
    const got = await house.ask(`?${query}`);
    expect(got).toMatchObject({ status: 400, json: { error: "invalid_request" } });
    expect(got.text).toContain(says);
    expect(await house.holders()).toEqual([]);
  });

  it("does not wait where there is something already, and not longer than was asked", async () => {
    const house = await followedHouse();
    const head = await house.happen();
    expect((await house.ask(`?from=0&wait=30`)).body.head).toBe(head);
    const waiting = house.ask(`?from=${head}&wait=3`);
    await settled();
    house.clock.advance("2s");
    await settled();
    expect(house.open()).toBe(1);
    house.clock.advance("1s");
    expect((await waiting).body).toMatchObject({ head, entries: [], now: house.clock.now() / 1_000 });
    expect(house.open()).toBe(0);
  });

  it("hears of what happened between its first look and its wait", async () => {
    const store = memory();
    let whenListening = async (): Promise<unknown> => undefined;
    const feed: Store["feed"] = {
      ...store.feed,
      listen: async () => {
        await whenListening();
        return () => {};
      },
    };
    const house = await followedHouse({ store: { ...store, feed } });
    const head = await house.happen();
    whenListening = () => house.happen("in between");
    expect((await house.ask(`?from=${head}&wait=30`)).body.entries).toMatchObject([{ key: "in between" }]);
  });

  it("ends its wait when the process stops, and when whoever asked is gone", async () => {
    const house = await followedHouse();
    const head = await house.happen();
    const gone = new AbortController();
    const left = house.routes.fetch(
      new Request(`${ISSUER}${CHANGES}?from=${head}&wait=30`, { headers: house.client.basic, signal: gone.signal }),
    );
    await settled();
    gone.abort();
    await left;
    expect(house.open()).toBe(0);
    const waiting = house.ask(`?from=${head}&wait=30`);
    await settled();
    house.engine.changes.close();
    expect((await waiting).body).toMatchObject({ head, entries: [] });
    expect((await house.ask(`?from=${head}&wait=30`)).body).toMatchObject({ head, entries: [] });
    expect(house.engine.changes.wakes.size).toBe(0);
  });

  it.each(["disabled", "removed"] as const)("a client that is %s while it waits is told so", async (how) => {
    const house = await followedHouse();
    const { clients } = house.store;
    const head = await house.happen();
    const waiting = house.ask(`?from=${head}&wait=30`);
    await settled();
    const now = house.clock.now();
    await (how === "disabled" ? clients.setDisabled(house.client.id, true, now) : clients.remove(house.client.id, now));
    expect(await waiting).toMatchObject({ status: 401, json: { error: "invalid_client" } });
  });

  it("a client that was disabled once and is enabled again is answered", async () => {
    const house = await followedHouse();
    await house.store.clients.setDisabled(house.client.id, true, house.clock.now());
    await house.store.clients.setDisabled(house.client.id, false, house.clock.now());
    expect((await house.ask()).body.entries.at(-1)).toMatchObject({ kind: "client", key: house.client.id });
  });

  it("holds 32 requests of one client open and no more; without waiting it answers all the same", async () => {
    const house = await followedHouse();
    const head = await house.happen();
    const waiting = Array.from({ length: 32 }, () => house.ask(`?from=${head}&wait=30`));
    await settled();
    expect(house.open()).toBe(32);
    for (const got of [
      await house.ask(`?from=${head}&wait=1`),
      await house.ask("", { ...house.client.basic, accept: "text/event-stream" }),
    ]) {
      expect(got).toMatchObject({ status: 429, json: { error: "temporarily_unavailable", code: "too_many_requests" } });
      expect(got.headers.get("retry-after")).toBe("1");
    }
    expect((await house.ask(`?from=${head}&verifier=${VERIFIER}`)).status).toBe(200);
    const other = await house.hire();
    const others = house.ask(`?from=${head}&wait=30`, other.basic);
    await settled();
    expect(house.open()).toBe(33);
    await house.happen();
    for (const got of await Promise.all([...waiting, others])) expect(got.status).toBe(200);
    expect(house.open()).toBe(0);
  });

  it("with the store away is 503, never an empty log", async () => {
    const { store, cut } = fragileStore();
    const house = await followedHouse({ store });
    cut();
    const got = await house.ask();
    expect(got).toMatchObject({ status: 503, json: { error: "temporarily_unavailable", code: "store_unavailable" } });
    expect(got.headers.get("retry-after")).toBe("1");
    expect((await house.stream()).status).toBe(503);
  });

  it("tells how many requests it holds open", async () => {
    const house = await followedHouse({ metricsToken: "a-token-of-the-operators" });
    const head = await house.happen();
    const waiting = house.ask(`?from=${head}&wait=30`);
    await settled();
    const { text } = await house.fetchText("/metrics", { authorization: "Bearer a-token-of-the-operators" });
    expect(text).toContain("coatcheck_changes_held 1");
    await house.happen();
    await waiting;
    const after = await house.fetchText("/metrics", { authorization: "Bearer a-token-of-the-operators" });
    expect(after.text).toContain('coatcheck_http_requests_total{method="GET",route="/oauth/changes",status="200"} 1');
  });

  it("stands below the base path, and its snapshot too", async () => {
    const house = await followedHouse({ options: { issuer: `${ISSUER}/login` } });
    const got = await house.call("GET", `/login${CHANGES}?from=99`, { headers: house.client.basic });
    expect(got.json).toMatchObject({ code: "position_lost", snapshot: `${ISSUER}/login${CHANGES}?from=0` });
  });
});
