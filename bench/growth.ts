import { RevocationTable } from "../packages/coatcheck/src/revocation/table.ts";
import { seq } from "../packages/coatcheck/src/core/ids.ts";
import type { ClientId, Sid, UserId } from "../packages/coatcheck/src/core/ids.ts";
import { instant } from "../packages/coatcheck/src/core/time.ts";
import { memoryInUse, perCall } from "./measure.ts";
import { atMost, told } from "./report.ts";
import type { Extent, Row } from "./report.ts";
import { enterByCookie, enterByToken, expectIn, openWorld } from "./world.ts";

/** What it costs to have many: sessions in memory, and ends that are still remembered. */
export async function growth(extent: Extent): Promise<readonly Row[]> {
  return [...(await ofSessions(extent)), ...ofEnds(extent)];
}

async function ofSessions({ rounds, less }: Extent): Promise<readonly Row[]> {
  const rows: Row[] = [];
  const many = Math.ceil(40_000 / less);
  const world = await openWorld();
  for (const [carrier, enter] of [
    ["cookie", enterByCookie],
    ["token", enterByToken],
  ] as const) {
    const shown: string[] = [];
    for (let nth = 0; nth < many; nth++) shown.push(await enter(world.auth, `user-${nth}`));
    const checkAll = (count: number) => (nth: number) => {
      const it = shown[(nth * 7_919) % count] as string;
      return world.auth.check(carrier === "cookie" ? { cookie: it } : { authorization: it });
    };
    // The store, the headers and the logins are there already: what is new after the first checks is what is remembered of them.
    const before = memoryInUse();
    for (let nth = 0; nth < many; nth++) expectIn(await checkAll(many)(nth));
    const each = (memoryInUse() - before) / many;
    rows.push(atMost(`memory for each remembered ${carrier}`, each, 400, " bytes"));
    const few = Math.ceil(many / 40);
    const calls = Math.max(1_000, Math.ceil(40_000 / less));
    const { small, large } = perCall({ small: checkAll(few), large: checkAll(many) }, { rounds, calls });
    rows.push(
      atMost(`check of one ${carrier} among ${many} / among ${few}`, large.median / small.median, 1.1),
      told(`check of one ${carrier} among ${many}`, large.median, " µs"),
    );
  }
  await world.close();
  return rows;
}

function ofEnds({ rounds, less }: Extent): readonly Row[] {
  const table = new RevocationTable();
  const sidOf = (nth: number): Sid => Buffer.from(String(nth).padStart(16, "0")).toString("base64url") as Sid;
  const probe = (nth: number): boolean =>
    table.ended({ sid: sidOf(-1 - (nth % 1_000)), userId: "42" as UserId, clientId: "coatcheck" as ClientId, rsq: seq(1) });
  const fill = (from: number, to: number): void => {
    const life = { expiresAt: instant(Number.MAX_SAFE_INTEGER), at: instant(0) };
    for (let nth = from; nth < to; nth++) table.apply({ seq: seq(nth), kind: "sid", key: sidOf(nth), ...life });
  };
  const calls = Math.ceil(500_000 / less);
  const before = memoryInUse();
  fill(0, 1_000);
  const { few } = perCall({ few: probe }, { rounds, calls });
  const many = Math.ceil(1_000_000 / less);
  fill(1_000, many);
  const each = (memoryInUse() - before) / many;
  const { lots } = perCall({ lots: probe }, { rounds, calls });
  if (!table.ended({ sid: sidOf(7), userId: "42" as UserId, clientId: "coatcheck" as ClientId, rsq: seq(1) })) throw new Error("forgotten");
  return [
    atMost("memory for each end that is remembered", each, 40, " bytes"),
    atMost(`probing ${many} ends / 1000 ends`, lots.median / few.median, 1.1),
    told(`probing ${many} ends`, lots.median, " µs"),
  ];
}
