import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Issued } from "../../src/carriers/carrier.ts";
import { StoreUnavailable } from "../../src/core/errors.ts";
import type { UserId } from "../../src/core/ids.ts";
import { instant } from "../../src/core/time.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { sqlite } from "../../src/stores/sqlite/index.ts";
import { DAY, FROM, closeWorlds, credential, refreshTokenOf, refused, world } from "../support/world.ts";

describe.each(["cookie", "token"] as const)("the %s carrier", (carrier) => {
  it("says who it is: the same principal as the other carrier's", async () => {
    const it = await world();
    const issued = await it.logIn(carrier);
    const { sid, clientId } = issued.session;
    const authTime = instant(Math.floor(it.clock.now() / 1_000) * 1_000);
    expect(it.check(issued)).toMatchObject({
      ok: true,
      principal: { userId: "ann", sid, clientId, carrier, roles: ["member"], amr: ["pwd"], claims: { tenant: "acme" } },
    });
    const verdict = it.check(issued);
    expect(verdict.ok && verdict.principal.kind === "user" && Math.abs(verdict.principal.authTime - authTime)).toBeLessThan(1_000);
  });

  it("asks the store nothing but whether it moved, from the second check on", async () => {
    const it = await world();
    const issued = await it.logIn(carrier);
    it.check(issued);
    it.asked.length = 0;
    for (let request = 0; request < 100; request++) expect(it.check(issued).ok).toBe(true);
    expect(new Set(it.asked)).toEqual(new Set(["feed.moved"]));
  });

  it("refuses what was never made here without asking the store about it", async () => {
    const it = await world();
    const text = credential(await it.logIn(carrier));
    it.asked.length = 0;
    for (let at = 0; at < text.length; at += 7) {
      const forged = text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);
      if (forged === text) continue;
      const verdict = await it.composed.engine.carriers[carrier].check(forged, it.clock.now());
      expect(verdict, `changed at ${at}`).toMatchObject({ ok: false });
    }
    for (const junk of [
      "",
      " ",
      "x",
      `${text} `,
      ` ${text}`,
      `${text}.`,
      text.slice(1),
      "..",
      "\0".repeat(75),
      "é".repeat(75),
      "A".repeat(100_000),
    ]) {
      expect(await it.composed.engine.carriers[carrier].check(junk, it.clock.now())).toEqual(refused("malformed"));
    }
    expect(it.asked.filter((call) => call.startsWith("sessions."))).toEqual([]);
  });

  it("is refused from the next check on when its session ended, and no other session is", async () => {
    const it = await world();
    const [mine, other, bobs] = [await it.logIn(carrier), await it.logIn(carrier), await it.logIn(carrier, "bob")];
    for (const issued of [mine, other, bobs]) expect(it.check(issued).ok).toBe(true);
    await it.composed.engine.sessions.end({ sid: mine.session.sid }, FROM);
    expect(it.check(mine)).toEqual(refused("ended"));
    expect(it.check(mine)).toEqual(refused("ended"));
    for (const issued of [other, bobs]) expect(it.check(issued).ok).toBe(true);
  });

  it("is refused when everything of its user ended, and nobody else's is", async () => {
    const it = await world();
    const [mine, bobs] = [await it.logIn(carrier), await it.logIn(carrier, "bob")];
    it.check(mine);
    expect(await it.composed.engine.sessions.endAll("ann" as UserId, null, FROM)).toMatchObject({ ended: 1 });
    expect(it.check(mine)).toEqual(refused("ended"));
    expect(it.check(bobs).ok).toBe(true);
    expect(it.check(await it.logIn(carrier)).ok).toBe(true);
  });

  it("is born dead when a cutoff came between its proof and its session", async () => {
    const it = await world();
    const proved = it.composed.revocations.head;
    await it.composed.engine.sessions.endAll("ann" as UserId, null, FROM);
    const late = await it.logIn(carrier, "ann", proved);
    expect(it.check(late)).toEqual(refused("ended"));
    if (carrier === "token")
      expect(await it.composed.engine.tokens.refresh(refreshTokenOf(late), null, { ip: "", userAgent: "", device: "" })).toMatchObject(
        refused("ended"),
      );
  });

  it("gets a new credential when the person proves themselves again; the old one is dead", async () => {
    const it = await world();
    const before = await it.logIn(carrier);
    it.check(before);
    it.clock.advance(10 * 1_000);
    const after = (await it.composed.engine.sessions.confirm(before.session, FROM)) as Issued;
    expect(after.session).toMatchObject({ sid: before.session.sid, createdAt: before.session.createdAt, authTime: it.clock.now() });
    expect(it.check(before).ok).toBe(false);
    expect(it.check(after)).toMatchObject({ ok: true, principal: { sid: before.session.sid } });
  });

  it("is not renewed once it has ended", async () => {
    const it = await world();
    const issued = await it.logIn(carrier);
    await it.composed.engine.sessions.end({ sid: issued.session.sid }, FROM);
    expect(await it.composed.engine.sessions.confirm(issued.session, FROM)).toBeNull();
    expect(it.check(issued)).toEqual(refused("ended"));
  });

  it("throws when it can't be known, and lets in again when it can", async () => {
    const store = memory();
    let down = false;
    const feed = new Proxy(store.feed, {
      get: (port, method) => {
        if (down) throw new StoreUnavailable("cut off");
        return Reflect.get(port, method);
      },
    });
    const it = await world({
      store: {
        name: "memory:",
        open: () => store.open(),
        ping: () => store.ping(),
        close: () => store.close(),
        sessions: store.sessions,
        clients: store.clients,
        feed,
        users: store.users,
        keys: store.keys,
        throttles: store.throttles,
        audit: store.audit,
      },
    });
    const issued = await it.logIn(carrier);
    it.check(issued);
    down = true;
    expect(() => it.check(issued)).toThrow(StoreUnavailable);
    down = false;
    expect(it.check(issued).ok).toBe(true);
  });

  it("is ended by another process on the same file at the next check", async () => {
    const folder = await mkdtemp(join(tmpdir(), "coatcheck-carriers-"));
    const file = join(folder, "two.db");
    const [one, two] = [await world({ store: sqlite(file) }), await world({ store: sqlite(file) })];
    const issued = await one.logIn(carrier);
    expect(one.check(issued).ok).toBe(true);
    expect(two.check(issued).ok).toBe(true);
    await two.composed.engine.sessions.end({ sid: issued.session.sid }, FROM);
    expect(one.check(issued)).toEqual(refused("ended"));
    await closeWorlds();
    await rm(folder, { recursive: true });
  });

  it("says which session an authentic credential is of, dead or alive, and nothing of any other", async () => {
    const it = await world();
    const issued = await it.logIn(carrier);
    const identify = (text: string) => it.composed.engine.carriers[carrier].identify(text, it.clock.now());
    await it.composed.engine.sessions.end({ sid: issued.session.sid }, FROM);
    it.clock.advance(40 * DAY);
    expect(await identify(credential(issued))).toBe(issued.session.sid);
    expect(await identify(credential(issued).slice(0, -1))).toBeNull();
    expect(await identify("")).toBeNull();
  });
});
