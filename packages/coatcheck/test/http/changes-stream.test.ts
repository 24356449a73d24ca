import { describe, expect, it } from "vitest";
import { memory } from "../../src/index.ts";
import { StoreUnavailable } from "../../src/core/errors.ts";
import type { Store } from "../../src/core/ports.ts";
import { PENDING_AT_MOST } from "../../src/http/changes/stream.ts";
import { createHttpServer } from "../../src/server/http-server.ts";
import { systemClock } from "../../src/server/clock.ts";
import { RawConnection } from "../server/raw.ts";
import { SILENT } from "../support/engine.ts";
import { CHANGES, EventReader, followedHouse, settled } from "./changes-support.ts";

describe("GET /oauth/changes as server-sent events", () => {
  it("gives what there is, and then what comes, each with the position to go on from", async () => {
    const house = await followedHouse();
    const head = await house.happen();
    const response = await house.stream(`?from=${head - 1}`);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    expect(response.headers.get("cache-control")).toBe("no-store");
    const events = new EventReader(response);
    expect(await events.next()).toMatchObject({
      ...{ event: "changes", id: String(head) },
      body: { from: head - 1, head, entries: [{ seq: head, kind: "invalidate-user", key: "somebody" }] },
    });
    const next = await house.happen("ada");
    expect(await events.next()).toMatchObject({ id: String(next), body: { from: head, head: next, entries: [{ key: "ada" }] } });
    await events.cancel();
  });

  it("begins with where it stands, also when nothing is new", async () => {
    const house = await followedHouse();
    const head = await house.happen();
    const events = new EventReader(await house.stream(`?from=${head}`));
    expect(await events.next()).toMatchObject({ id: String(head), body: { entries: [] } });
    await events.cancel();
  });

  it("gives no lease, and notes nobody", async () => {
    const house = await followedHouse();
    await house.happen();
    const events = new EventReader(await house.stream("?verifier=verifier_number_1"));
    expect(Object.keys((await events.next())?.body ?? {})).not.toContain("lease");
    expect(await house.holders()).toEqual([]);
    await events.cancel();
  });

  it("goes on where Last-Event-ID says, whatever the address says", async () => {
    const house = await followedHouse();
    const head = await house.happen();
    const next = await house.happen("ada");
    const events = new EventReader(await house.stream("?from=0", { "last-event-id": String(head) }));
    expect(await events.next()).toMatchObject({ body: { from: head, head: next, entries: [{ key: "ada" }] } });
    await events.cancel();
    expect((await house.stream("", { "last-event-id": "nonsense" })).status).toBe(400);
    expect((await house.stream("", { "last-event-id": String(next + 1) })).status).toBe(409);
  });

  it("misses nothing of what happens while it begins to listen", async () => {
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
    whenListening = () => house.happen("in between");
    const events = new EventReader(await house.stream());
    await events.next();
    expect((await events.next())?.body.entries).toMatchObject([{ key: "in between" }]);
    await events.cancel();
  });

  it("shows that it lives while nothing happens, and finds then what nobody woke it for", async () => {
    const store = memory();
    const house = await followedHouse({ store: { ...store, feed: { ...store.feed, listen: () => () => {} } } });
    const events = new EventReader(await house.stream());
    await events.next();
    await settled();
    await house.happen("ada");
    house.clock.advance("14s");
    house.clock.advance("1s");
    expect(await events.next()).toMatchObject({ comment: true, event: null });
    expect((await events.next())?.body.entries).toMatchObject([{ key: "ada" }]);
    await events.cancel();
  });

  it.each(["disabled", "removed"] as const)("ends when its client is %s, having said so, and not when another is", async (how) => {
    const house = await followedHouse();
    const end = async (id: typeof house.client.id): Promise<unknown> =>
      how === "disabled" ? house.store.clients.setDisabled(id, true, house.clock.now()) : house.store.clients.remove(id, house.clock.now());
    const other = await house.hire();
    const events = new EventReader(await house.stream());
    await events.next();
    await end(other.id);
    expect((await events.next())?.body.entries).toMatchObject([{ kind: "client", key: other.id }]);
    expect(house.open()).toBe(1);
    await end(house.client.id);
    expect((await events.next())?.body.entries).toMatchObject([{ kind: "client", key: house.client.id }]);
    expect(await events.next()).toBeNull();
    expect(house.open()).toBe(0);
    expect(house.engine.changes.wakes.size).toBe(0);
  });

  it("does not end by what ended its client once, before it was enabled again", async () => {
    const house = await followedHouse();
    await house.store.clients.setDisabled(house.client.id, true, house.clock.now());
    await house.store.clients.setDisabled(house.client.id, false, house.clock.now());
    const events = new EventReader(await house.stream());
    await events.next();
    await house.happen("ada");
    expect((await events.next())?.body.entries).toMatchObject([{ key: "ada" }]);
    await events.cancel();
  });

  it("ends when the process stops, and leaves nothing behind", async () => {
    const house = await followedHouse();
    const events = new EventReader(await house.stream());
    await events.next();
    house.engine.changes.close();
    expect(await events.next()).toBeNull();
    const late = new EventReader(await house.stream());
    await late.next();
    expect(await late.next()).toBeNull();
    await settled();
    expect(house.open()).toBe(0);
    expect(house.engine.changes.wakes.size).toBe(0);
  });

  it("leaves nothing behind when its reader is gone, however early", async () => {
    const house = await followedHouse();
    for (const wait of [async () => {}, settled]) {
      const response = await house.stream();
      await wait();
      expect(house.open()).toBe(1);
      await response.body?.cancel();
      await settled();
      expect(house.open()).toBe(0);
      expect(house.engine.changes.wakes.size).toBe(0);
    }
    const gone = new AbortController();
    await house.stream("", {}, gone.signal);
    gone.abort();
    await settled();
    expect(house.open()).toBe(0);
    expect(house.engine.changes.wakes.size).toBe(0);
  });

  it("stops listening also when its reader was gone before it began to", async () => {
    const store = memory();
    let listening = (_stop: () => void): void => {};
    let stopped = 0;
    const feed: Store["feed"] = { ...store.feed, listen: () => new Promise((resolve) => (listening = resolve)) };
    const house = await followedHouse({ store: { ...store, feed } });
    const response = await house.stream();
    await response.body?.cancel();
    listening(() => (stopped += 1));
    await settled();
    expect(stopped).toBe(1);
    expect(house.engine.changes.wakes.size).toBe(0);
  });

  it("cuts off a reader that does not read, and keeps one that does", async () => {
    const house = await followedHouse();
    const [lazy, keen] = [await house.stream(), new EventReader(await house.stream())];
    await keen.next();
    for (let nth = 0; nth < 2 * PENDING_AT_MOST; nth += 1) {
      const seq = await house.happen();
      expect(await keen.next()).toMatchObject({ id: String(seq) });
    }
    expect(house.open()).toBe(1);
    await expect(lazy.text()).rejects.toThrow("does not read");
    await keen.cancel();
  });

  it("ends when the log was put back: who reads it asks again, and is told", async () => {
    const store = memory();
    const past = memory();
    let feed = store.feed;
    const swapped: Store["feed"] = { ...store.feed, since: (from) => feed.since(from) };
    const house = await followedHouse({ store: { ...store, feed: swapped } });
    await past.open();
    for (let nth = 0; nth < 9; nth += 1) await past.feed.append("invalidate-user", "u", house.clock.now());
    const events = new EventReader(await house.stream());
    await events.next();
    await settled();
    feed = past.feed;
    await house.happen();
    expect(await events.next()).toBeNull();
    expect(house.open()).toBe(0);
  });

  it("outlives an outage of the store", async () => {
    const store = memory();
    let isAway = false;
    const since: Store["feed"]["since"] = (from) => {
      if (isAway) throw new StoreUnavailable(new Error("cut off"));
      return store.feed.since(from);
    };
    const house = await followedHouse({ store: { ...store, feed: { ...store.feed, since } } });
    const events = new EventReader(await house.stream());
    await events.next();
    await settled();
    isAway = true;
    await house.happen("ada");
    await settled();
    isAway = false;
    house.clock.advance("15s");
    expect(await events.next()).toMatchObject({ comment: true });
    expect((await events.next())?.body.entries).toMatchObject([{ key: "ada" }]);
    await events.cancel();
  });

  it("a HEAD begins none", async () => {
    const house = await followedHouse();
    const got = await house.call("HEAD", CHANGES, { headers: { ...house.client.basic, accept: "text/event-stream" } });
    expect(got).toMatchObject({ status: 200, text: "" });
    expect(house.open()).toBe(0);
  });
});

describe("over HTTP", () => {
  it("a stream comes as it is written, ends with its reader, and holds up no stop", async () => {
    const house = await followedHouse();
    const server = createHttpServer({ clock: systemClock, log: SILENT });
    const port = await server.listen(0, "127.0.0.1");
    server.answer({ issuer: house.engine.settings.issuer, fetch: (asked, from) => house.routes.fetch(asked, from) });
    const { authorization = "" } = house.client.basic;
    const leaves = new RawConnection(port).send(
      `GET ${CHANGES} HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\nAccept: text/event-stream\r\n\r\n`,
    );
    const headers = { authorization, accept: "text/event-stream" };
    const stays = new EventReader(await fetch(`http://127.0.0.1:${port}${CHANGES}`, { headers }));
    await leaves.until((heard) => heard.includes("event: changes"));
    await stays.next();
    const seq = await house.happen();
    expect(await leaves.until((heard) => heard.includes(`id: ${seq}`))).toMatch(/^HTTP\/1.1 200 /);
    expect(await stays.next()).toMatchObject({ id: String(seq) });
    expect(house.open()).toBe(2);
    leaves.close();
    while (house.open() > 1) await settled();
    house.engine.changes.close();
    expect(await stays.next()).toBeNull();
    await server.stop();
    expect(house.open()).toBe(0);
  });

  it("a wait ends with whoever waits", async () => {
    const house = await followedHouse();
    const head = await house.happen();
    const server = createHttpServer({ clock: systemClock, log: SILENT });
    const port = await server.listen(0, "127.0.0.1");
    server.answer({ issuer: house.engine.settings.issuer, fetch: (asked, from) => house.routes.fetch(asked, from) });
    const gone = new AbortController();
    const asked = fetch(`http://127.0.0.1:${port}${CHANGES}?from=${head}&wait=30`, { headers: house.client.basic, signal: gone.signal });
    while (house.open() === 0) await settled();
    gone.abort();
    await expect(asked).rejects.toThrow("aborted");
    while (house.open() > 0) await settled();
    await server.stop();
  });
});
