import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_SESSION_DATA } from "../../src/core/limits.ts";
import type { JsonValue } from "../../src/core/session.ts";
import { seq } from "../../src/core/ids.ts";
import type { Seq } from "../../src/core/ids.ts";
import type { LogEntry, LogKind } from "../../src/core/ports.ts";
import { instant } from "../../src/core/time.ts";
import { describeDevice } from "../../src/http/device.ts";
import { coatcheck } from "../../src/index.ts";
import type { Store } from "../../src/index.ts";
import { LogCopy } from "../../src/revocation/log-copy.ts";
import type { RevocationTable } from "../../src/revocation/table.ts";
import { fakeClock } from "../../src/testing/index.ts";
import { openMemory, openSqlite } from "../stores/open.ts";
import { ANYBODY, SILENT } from "../support/engine.ts";
import { SEED, TIMEOUT, tries } from "./runs.ts";
import { wildText } from "./text.ts";

const SECRET = randomBytes(32).toString("base64url");

describe.each([
  ["memory", openMemory],
  ["SQLite", openSqlite],
])(`what is kept in %s (FUZZ_SEED=${SEED})`, (_, open) => {
  async function withAuth(use: (auth: Awaited<ReturnType<typeof coatcheck>>, store: Store) => Promise<void>): Promise<void> {
    const { store, close } = await open();
    const auth = await coatcheck({
      issuer: "https://id.example.com",
      store,
      secret: SECRET,
      users: ANYBODY,
      clock: fakeClock(),
      log: SILENT,
    });
    await use(auth, store);
    await close();
  }

  it(
    "comes back as it was: the application's data, user ids, devices",
    async () => {
      const device = fc.record({ label: wildText, userAgent: wildText, ip: wildText });
      await withAuth(async (auth) => {
        await fc.assert(
          fc.asyncProperty(
            fc.jsonValue(),
            fc.string({ unit: "grapheme", minLength: 1 }),
            device,
            fc.array(wildText, { minLength: 1, maxLength: 3 }),
            async (data, userId, of, amr) => {
              const sent = JSON.parse(JSON.stringify(data)) as JsonValue;
              if (Buffer.byteLength(JSON.stringify(sent)) > MAX_SESSION_DATA) return;
              const wellFormed = Object.fromEntries(Object.entries(of).map(([name, text]) => [name, text.toWellFormed()]));
              const { session } = await auth.start({ userId, amr, carrier: "cookie", data: sent, device: wellFormed });
              expect(await auth.session(session.sid)).toMatchObject({
                userId,
                amr,
                data: sent,
                device: { ...wellFormed, userAgent: describeDevice(of.userAgent.toWellFormed(), "").userAgent },
              });
            },
          ),
          tries(0.3),
        );
      });
    },
    TIMEOUT,
  );

  it(
    "is not found under a name that nobody has",
    async () => {
      await withAuth(async (auth, store) => {
        await fc.assert(
          fc.asyncProperty(wildText, async (text) => {
            expect(await auth.session(text)).toBeNull();
            expect(await auth.end({ sid: text })).toEqual({ ended: 0 });
            expect(await store.users.byEmail(text)).toBeNull();
          }),
          tries(0.3),
        );
      });
    },
    TIMEOUT,
  );
});

describe(`log positions (FUZZ_SEED=${SEED})`, () => {
  const KINDS: readonly LogKind[] = ["sid", "user", "client", "key", "global", "invalidate-sid", "invalidate-user", "invalidate-all"];
  const entry = fc.record({
    seq: fc.integer({ min: 1, max: 60 }).map(seq),
    kind: fc.constantFrom(...KINDS),
    key: fc.constantFrom("a", "b", "__proto__", ""),
  });
  const of = (rsq: Seq) => ({ sid: "a", userId: "b", clientId: "__proto__", rsq }) as Parameters<RevocationTable["ended"]>[0];
  const clock = fakeClock();

  /** A copy that hears these entries, in pages as they come: cut anywhere, some of them again. */
  function heard(pages: readonly (readonly LogEntry[])[]): RevocationTable {
    const copy = new LogCopy();
    const head = { head: seq(100), mark: "of 100", incarnation: "one" };
    for (const entries of pages) copy.take({ ...head, entries, from: copy.head, fromMark: copy.position.mark }, copy.position);
    return copy.table;
  }

  it("mean the same, in whatever order, pages and repetitions they are heard", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(entry), fc.infiniteStream(fc.nat(100)), fc.integer({ min: -1, max: 61 }), async (some, dice, at) => {
        const entries: LogEntry[] = some.map((it) => ({ ...it, expiresAt: instant(clock.now() + 1), at: clock.now() }));
        const roll = (): number => dice.next().value as number;
        const shuffled = [...entries, ...entries.filter(() => roll() > 70)].toSorted(() => roll() - 50);
        const cut = shuffled.length === 0 ? 0 : roll() % shuffled.length;
        const inOrder = heard([entries]);
        const anyhow = heard([shuffled.slice(0, cut), shuffled.slice(cut)]);
        const standing = of(seq(at));
        const later = entries.filter((it) => it.seq > at);
        const hits = (kind: LogKind, key: string): boolean => later.some((it) => it.kind === kind && it.key === key);
        const ended =
          entries.some((it) => it.kind === "sid" && it.key === "a") ||
          hits("user", "b") ||
          hits("client", "__proto__") ||
          hits("global", "");
        const stale = hits("invalidate-sid", "a") || hits("invalidate-user", "b") || hits("invalidate-all", "");
        for (const it of [inOrder, anyhow]) expect([it.ended(standing), it.stale(standing)]).toEqual([ended, stale]);
      }),
      tries(),
    );
  });
});
