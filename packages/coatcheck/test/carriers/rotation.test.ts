import { describe, expect, it } from "vitest";
import { decideRefresh } from "../../src/carriers/token/rotation.ts";
import { deriveRefreshToken, parseRefreshToken } from "../../src/carriers/token/refresh-token.ts";
import { BUILT_IN_CLIENT, seq } from "../../src/core/ids.ts";
import type { ClientId, Sid, UserId } from "../../src/core/ids.ts";
import type { Found, SessionRecord } from "../../src/core/session.ts";
import { duration, instant, later } from "../../src/core/time.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import { deriveSecrets } from "../../src/crypto/secrets.ts";

const NOW = instant(1_800_000_000_000);
const SID = "AAAAAAAAAAAAAAAAAAAAAA" as Sid;
const SALT = new Uint8Array(16).fill(7);
const secrets = deriveSecrets([new Uint8Array(32).fill(1)]);
const policy = { lifetime: { idle: duration("7d"), absolute: duration("30d") }, grace: duration("10s") };

function found(session: Partial<SessionRecord> = {}, rest: Partial<Found> = {}): Found {
  return {
    head: seq(9),
    cutoff: seq(0),
    ...rest,
    session: {
      sid: SID,
      userId: "usr_a" as UserId,
      clientId: BUILT_IN_CLIENT,
      carrier: "token",
      secretHash: null,
      salt: SALT,
      rotation: { generation: 5, wonBy: sha256("attempt"), rotatedAt: NOW, replays: 0 },
      rsq: seq(3),
      createdAt: NOW,
      authTime: NOW,
      amr: ["pwd"],
      lastSeenAt: NOW,
      expiresAt: later(NOW, duration("30d")),
      idleExpiresAt: later(NOW, duration("7d")),
      device: { label: "", userAgent: "", ip: "" },
      data: null,
      endedSeq: null,
      ...session,
    },
  };
}

function show(generation: number, refreshId: string | null = null, salt = SALT, clientId = BUILT_IN_CLIENT) {
  const token = parseRefreshToken(secrets, deriveRefreshToken(secrets.writer, SID, generation, salt));
  if (token === null) throw new Error("not a refresh token");
  return { token, refreshId: refreshId === null ? null : sha256(refreshId), clientId };
}

const after = (ms: number) => instant(NOW + ms);
const decide = (it: Found, generation: number, refreshId: string | null = null, now = NOW) =>
  decideRefresh(it, show(generation, refreshId), policy, now);

describe("what a refresh token comes to", () => {
  it("rotates for the newest generation, slides the idle limit and remembers who won", () => {
    const now = after(60_000);
    expect(decide(found(), 5, "next", now)).toEqual({
      kind: "rotate",
      rotation: { generation: 6, wonBy: sha256("next"), rotatedAt: now, replays: 0 },
      lastSeenAt: now,
      idleExpiresAt: later(now, duration("7d")),
    });
  });

  it("never slides past the absolute limit", () => {
    const expiresAt = after(1_000);
    expect(decide(found({ expiresAt, idleExpiresAt: expiresAt }), 5)).toMatchObject({ kind: "rotate", idleExpiresAt: expiresAt });
  });

  it("yields the same child to the parent within the grace, and counts it", () => {
    expect(decide(found(), 4, null, after(10_000))).toMatchObject({ kind: "replay", rotation: { generation: 5, replays: 1 } });
  });

  it("ends the session for the parent after the grace", () => {
    expect(decide(found(), 4, null, after(10_001))).toEqual({ kind: "end", reason: "reuse" });
  });

  it("without a grace ends the session even for the parent of the same millisecond", () => {
    const strict = { ...policy, grace: duration("0s") };
    expect(decideRefresh(found(), show(4), strict, NOW)).toEqual({ kind: "end", reason: "reuse" });
  });

  it("yields the same child to a retry with the same refresh_id for ten minutes, uncounted", () => {
    expect(decide(found(), 4, "attempt", after(600_000))).toMatchObject({ kind: "replay", rotation: { replays: 0 } });
    expect(decide(found(), 4, "attempt", after(600_001))).toEqual({ kind: "end", reason: "reuse" });
    expect(decide(found(), 4, "another", after(60_000))).toEqual({ kind: "end", reason: "reuse" });
  });

  it("tells who shows the parent too often to wait, and ends nothing", () => {
    const rotation = { generation: 5, wonBy: null, rotatedAt: NOW, replays: 20 };
    expect(decide(found({ rotation }), 4)).toEqual({ kind: "refuse", reason: "too_often" });
    expect(decide(found({ rotation: { ...rotation, replays: 19 } }), 4)).toMatchObject({ kind: "replay" });
  });

  it("ends the session for any older generation", () => {
    expect(decide(found(), 3)).toEqual({ kind: "end", reason: "reuse" });
    expect(decide(found(), 0, "attempt")).toEqual({ kind: "end", reason: "reuse" });
  });

  it("ends the session for a generation from the future, unless a new epoch explains it", () => {
    expect(decide(found(), 6)).toEqual({ kind: "end", reason: "future" });
    expect(decide(found({}, { head: seq(2 ** 40 + 1) }), 6)).toEqual({ kind: "refuse", reason: "future" });
    // An epoch that was raised before the login explains nothing about what came after it.
    const [login, head] = [seq(2 ** 40 + 1), seq(2 ** 40 + 9)];
    expect(decide(found({ rsq: login }, { head }), 6)).toEqual({ kind: "end", reason: "future" });
    expect(decide(found({ rsq: login }, { head: seq(2 ** 41) }), 6)).toEqual({ kind: "refuse", reason: "future" });
  });

  it("refuses when the session has ended, is cut off, expired or idle, whatever generation is shown", () => {
    for (const generation of [3, 4, 5, 6]) {
      expect(decide(found({ endedSeq: seq(8) }), generation)).toEqual({ kind: "refuse", reason: "ended" });
      expect(decide(found({}, { cutoff: seq(4) }), generation)).toEqual({ kind: "refuse", reason: "ended" });
      expect(decide(found({ expiresAt: NOW }), generation)).toEqual({ kind: "refuse", reason: "expired" });
      expect(decide(found({ idleExpiresAt: NOW }), generation)).toEqual({ kind: "refuse", reason: "idle" });
    }
  });

  it("S8 refuses every generation to a client that it was not issued to, and ends nothing", () => {
    const [own, other] = ["cli_own" as ClientId, "cli_other" as ClientId];
    const theirs = found({ clientId: own });
    for (const generation of [0, 4, 5, 6]) {
      for (const clientId of [BUILT_IN_CLIENT, other])
        expect(decideRefresh(theirs, show(generation, null, SALT, clientId), policy, NOW)).toEqual({ kind: "refuse", reason: "foreign" });
    }
    expect(decideRefresh(theirs, show(5, null, SALT, own), policy, NOW)).toMatchObject({ kind: "rotate" });
    expect(decideRefresh(found(), show(5, null, SALT, own), policy, NOW)).toEqual({ kind: "refuse", reason: "foreign" });
  });

  it("refuses a token that another salt was in, and every token of a session that is carried by cookie", () => {
    expect(decideRefresh(found(), show(5, null, new Uint8Array(16)), policy, NOW)).toEqual({ kind: "refuse", reason: "forged" });
    expect(decide(found({ carrier: "cookie" }), 5)).toEqual({ kind: "refuse", reason: "forged" });
  });
});

describe("the refresh token", () => {
  const text = deriveRefreshToken(secrets.writer, SID, 5, SALT);

  it("is the same each time it is derived, and another for each session, generation and salt", () => {
    const others = [
      deriveRefreshToken(secrets.writer, "BBBBBBBBBBBBBBBBBBBBBA" as Sid, 5, SALT),
      deriveRefreshToken(secrets.writer, SID, 6, SALT),
      deriveRefreshToken(secrets.writer, SID, 5, new Uint8Array(16)),
      deriveRefreshToken(deriveSecrets([new Uint8Array(32).fill(2)]).writer, SID, 5, SALT),
    ];
    expect(deriveRefreshToken(secrets.writer, SID, 5, SALT)).toBe(text);
    expect(new Set([text, ...others]).size).toBe(5);
  });

  it("is read with a secret that only reads", () => {
    const rotated = deriveSecrets([new Uint8Array(32).fill(9), new Uint8Array(32).fill(1)]);
    expect(parseRefreshToken(rotated, text)).toMatchObject({ sid: SID, generation: 5 });
  });

  it("is nobody's when any character is another, or one is missing or too much", () => {
    for (let at = 0; at < text.length; at++) {
      const changed = text.slice(0, at) + (text[at] === "A" ? "Q" : "A") + text.slice(at + 1);
      expect(parseRefreshToken(secrets, changed), `changed at ${at}`).toBeNull();
    }
    for (const other of ["", "ccr_", text.slice(1), text.slice(0, -1), `${text}A`, `${text} `, text.toUpperCase(), `${text}=`]) {
      expect(parseRefreshToken(secrets, other)).toBeNull();
    }
  });
});
