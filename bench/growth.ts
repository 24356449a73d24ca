import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { RevocationTable } from "../packages/coatcheck/src/revocation/table.ts";
import { seq } from "../packages/coatcheck/src/core/ids.ts";
import type { ClientId, Sid, UserId } from "../packages/coatcheck/src/core/ids.ts";
import { instant } from "../packages/coatcheck/src/core/time.ts";
import { cookieByHand, kept, known, tokenByHand } from "./limit.ts";
import { cpuTime, memoryInUse, perCall } from "./measure.ts";
import { atMost, told } from "./report.ts";
import type { Extent, Row } from "./report.ts";
import { COOKIE, enterByCookie, enterByToken, expectIn, openWorld } from "./world.ts";

/** What it costs to have many: sessions in memory, and ends that are still remembered. */
export async function growth(extent: Extent): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const carrier of ["cookie", "token"] as const) rows.push(...(await ofSessions(carrier, extent)));
  return [...rows, ...ofEnds(extent)];
}

/** As many as a process remembers in any case (`CAPACITY`, in `known.ts` and `verified.ts`). */
const SESSIONS = 50_000;
const FEW = 1_000;

async function ofSessions(carrier: "cookie" | "token", { rounds, less }: Extent): Promise<readonly Row[]> {
  const many = Math.ceil(SESSIONS / less);
  const world = await openWorld();
  const enter = carrier === "cookie" ? enterByCookie : enterByToken;
  const shown: string[] = [];
  for (let nth = 0; nth < many; nth++) shown.push(await enter(world.auth, `user-${nth}`));
  // The trail is written behind.
  await pause(2_000);
  const show = (nth: number): ReturnType<typeof world.auth.check> => {
    const it = shown[nth] as string;
    return world.auth.check(carrier === "cookie" ? { cookie: it } : { authorization: it });
  };
  // The store, the headers and the logins are there already: what is new after the first checks is what is remembered of them.
  const before = memoryInUse();
  for (let nth = 0; nth < many; nth++) expectIn(await show(nth));
  const each = (memoryInUse() - before) / many;
  const few = Math.min(FEW, many);
  // In an order that no cache of the processor foresees. What these cost is seen in the check by hand.
  const among = (count: number, look: (nth: number) => unknown) => (nth: number) => look((nth * 7_919) % count);
  const byHand = allByHand(carrier, shown);
  const times = perCall(
    { few: among(few, show), lots: among(many, show), fewByHand: among(few, byHand), lotsByHand: among(many, byHand) },
    { rounds, calls: Math.max(1_000, 2 * many) },
  );
  await world.close();
  return [
    atMost(`memory for each remembered ${carrier}`, each, 400, " bytes"),
    atMost(`check of one ${carrier} among ${many} / among ${few}`, times.lots.median / times.few.median, 1.1),
    told("… by hand", times.lotsByHand.median / times.fewByHand.median),
    told(`check of one ${carrier} among ${many}`, times.lots.median, " µs"),
    told("… by hand", times.lotsByHand.median, " µs"),
  ];
}

function allByHand(carrier: "cookie" | "token", shown: readonly string[]): (nth: number) => string | null {
  const ended = new Set<string>();
  const look =
    carrier === "cookie"
      ? cookieByHand(COOKIE, new Map(shown.map((it) => kept(it.slice(COOKIE.length + 1), "42"))), ended)
      : tokenByHand(new Map(shown.map((it) => known(it.slice("Bearer ".length)))), ended);
  return (nth) => look(shown[nth]);
}

const LIFE = { expiresAt: instant(Number.MAX_SAFE_INTEGER), at: instant(0) };
/** So many entries are applied at once: CPU time is not counted finely enough for one. */
const SLICE = 1_000;
/** What nobody has ended. */
const PROBED = 1_000;

/** Names of sessions that nobody has, made when they are needed: a heap with a million texts in it would be measured, too. */
function names(count: number): (nth: number) => Sid {
  const bytes = randomBytes(16 * count);
  return (nth) => bytes.toString("base64url", 16 * nth, 16 * nth + 16) as Sid;
}

function ofEnds({ rounds, less }: Extent): readonly Row[] {
  const many = Math.ceil(1_000_000 / less);
  const ended = names(many);
  const stranger = names(PROBED);
  const strangers = Array.from({ length: PROBED }, (_, nth) => stranger(nth));
  const rest = { userId: "42" as UserId, clientId: "coatcheck" as ClientId, rsq: seq(1) };
  const probe = (table: RevocationTable) => (nth: number) => table.ended({ sid: strangers[nth % PROBED] as Sid, ...rest });
  const small = new RevocationTable();
  for (let nth = 0; nth < FEW; nth++) small.apply({ seq: seq(nth), kind: "sid", key: ended(nth), ...LIFE });

  const before = memoryInUse();
  const table = new RevocationTable();
  const slices: number[] = [];
  for (let from = 0; from < many; from += SLICE) {
    const began = cpuTime();
    for (let nth = from; nth < Math.min(from + SLICE, many); nth++) table.apply({ seq: seq(nth), kind: "sid", key: ended(nth), ...LIFE });
    slices.push(cpuTime() - began);
  }
  const each = (memoryInUse() - before) / many;
  if (!table.ended({ sid: ended(7), ...rest })) throw new Error("forgotten");
  const { few, lots } = perCall({ few: probe(small), lots: probe(table) }, { rounds, calls: Math.ceil(500_000 / less) });
  const began = cpuTime();
  // Twice: the first time the young become the old.
  for (let twice = 0; twice < 2; twice++) table.prune(instant(Number.MAX_VALUE));
  const forgetting = cpuTime() - began;
  if (table.size > 0) throw new Error("not forgotten");
  return [
    atMost("memory for each end that is remembered", each, 40, " bytes"),
    atMost(`probing ${many} ends / ${FEW} ends`, lots.median / few.median, 1.1),
    told(`probing ${many} ends`, lots.median, " µs"),
    atMost(`hearing of ${many} ends, as at start`, slices.reduce((sum, it) => sum + it, 0) / 1e6, 3, " s"),
    atMost(`the longest ${SLICE} of them`, Math.max(...slices) / 1_000, 50, " ms"),
    atMost(`forgetting ${many} ends`, forgetting / 1_000, 50, " ms"),
  ];
}
