import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seq } from "../../src/core/ids.ts";
import type { ClientId, Sid, UserId } from "../../src/core/ids.ts";
import type { LogEntry, LogKind } from "../../src/core/ports.ts";
import { instant } from "../../src/core/time.ts";
import { RevocationTable } from "../../src/revocation/table.ts";
import type { Standing } from "../../src/revocation/table.ts";

const entry = (kind: LogKind, key: string, at: number, expiresAt = 1_000): LogEntry => ({
  kind,
  key,
  seq: seq(at),
  expiresAt: instant(expiresAt),
  at: instant(0),
});
const standing = (rsq: number): Standing => ({ sid: "s" as Sid, userId: "u" as UserId, clientId: "c" as ClientId, rsq: seq(rsq) });

function tableOf(...entries: LogEntry[]): RevocationTable {
  const table = new RevocationTable();
  for (const it of entries) table.apply(it);
  return table;
}

describe("the table of what has ended", () => {
  it("ends a session for good, whatever position its credential was made at", () => {
    const table = tableOf(entry("sid", "s", 5));
    expect(table.ended(standing(4))).toBe(true);
    expect(table.ended(standing(9))).toBe(true);
    expect(table.ended({ ...standing(4), sid: "other" as Sid })).toBe(false);
  });

  it.each(["user", "client", "global"] as const)(
    "a %s cutoff ends what was made before it and nothing that was made at it or later",
    (kind) => {
      const key = { user: "u", client: "c", global: "" }[kind];
      const table = tableOf(entry(kind, key, 5));
      expect(table.ended(standing(4))).toBe(true);
      expect(table.ended(standing(5))).toBe(false);
      expect(table.ended({ sid: "x" as Sid, userId: "x" as UserId, clientId: "x" as ClientId, rsq: seq(4) })).toBe(kind === "global");
    },
  );

  it("ends nothing of a session or a user for a client's own token, which stands in neither", () => {
    const own = { ...standing(4), sid: null, userId: null };
    const others = tableOf(
      ...(["sid", "user", "invalidate-sid", "invalidate-user"] as const).flatMap((kind) => [entry(kind, "", 5), entry(kind, "null", 5)]),
    );
    expect([others.ended(own), others.stale(own)]).toEqual([false, false]);
    expect(tableOf(entry("client", "c", 5)).ended(own)).toBe(true);
    expect(tableOf(entry("global", "", 5)).ended(own)).toBe(true);
    expect(tableOf(entry("invalidate-all", "", 5)).stale(own)).toBe(true);
  });

  it("S5: the effective cutoff is the latest over all scopes", () => {
    const scopes = fc.record({ user: fc.nat(50), client: fc.nat(50), global: fc.nat(50), rsq: fc.nat(50) });
    fc.assert(
      fc.property(scopes, ({ user, client, global, rsq }) => {
        const table = tableOf(entry("user", "u", user), entry("client", "c", client), entry("global", "", global));
        expect(table.ended(standing(rsq))).toBe(rsq < Math.max(user, client, global));
      }),
    );
  });

  it.each(["invalidate-sid", "invalidate-user", "invalidate-all"] as const)(
    "%s makes stale what was made before it, and ends nothing",
    (kind) => {
      const table = tableOf(entry(kind, { "invalidate-sid": "s", "invalidate-user": "u", "invalidate-all": "" }[kind], 5));
      expect(table.stale(standing(4))).toBe(true);
      expect(table.stale(standing(5))).toBe(false);
      expect(table.ended(standing(4))).toBe(false);
    },
  );

  it("says that anything changed since a position, and only since", () => {
    for (const [kind, key] of [
      ["sid", "s"],
      ["user", "u"],
      ["client", "c"],
      ["global", ""],
      ["invalidate-sid", "s"],
      ["invalidate-user", "u"],
      ["invalidate-all", ""],
    ] as const) {
      const table = tableOf(entry(kind, key, 5));
      expect(table.changedSince(standing(4)), kind).toBe(true);
      expect(table.changedSince(standing(5)), kind).toBe(false);
    }
  });

  it("merges by the larger position and the longer life, in any order", () => {
    const entries = [entry("user", "u", 5, 100), entry("user", "u", 3, 900), entry("user", "u", 4, 50)];
    fc.assert(
      fc.property(fc.shuffledSubarray(entries, { minLength: 3 }), (shuffled) => {
        const table = tableOf(...shuffled);
        table.prune(instant(899));
        expect(table.ended(standing(4))).toBe(true);
        table.prune(instant(901));
        expect(table.ended(standing(4))).toBe(false);
      }),
    );
  });

  it("never forgets a withdrawn key", () => {
    const table = tableOf(entry("key", "k", 5, 100));
    table.prune(instant(10_000));
    expect(table.keyRevoked("k")).toBe(true);
    expect(table.keyRevoked("other")).toBe(false);
  });
});
