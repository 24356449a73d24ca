import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { duration } from "../packages/coatcheck/src/core/time.ts";
import { Connection } from "../packages/coatcheck/src/stores/sqlite/connection.ts";
import { cookieByHand, kept, known, tokenByHand } from "./limit.ts";
import { perCall } from "./measure.ts";
import { atMost, told } from "./report.ts";
import type { Extent, Row } from "./report.ts";
import { COOKIE, expectOut, openWorld } from "./world.ts";
import type { World } from "./world.ts";

/** What a check costs in process, without any server around it. */
export async function check({ rounds, less }: Extent): Promise<readonly Row[]> {
  const onMemory = await openWorld();
  const onFile = await openWorld("sqlite");
  const byHand = limitOf(onMemory);
  const version = dataVersion();
  const forged = { cookie: `${COOKIE}=${"A".repeat(75)}` };
  const absent = { cookie: "theme=dark; lang=en" };
  const unreadable = { authorization: `${onMemory.authorization.slice(0, -2)}!!` };
  for (const shown of [forged, absent, unreadable]) expectOut(await onMemory.auth.check(shown));

  const { cookie, authorization } = onMemory;
  const times = perCall(
    {
      cookieLimit: () => byHand.cookie(cookie),
      cookie: () => onMemory.auth.check({ cookie }),
      tokenLimit: () => byHand.token(authorization),
      token: () => onMemory.auth.check({ authorization }),
      cookieOnFile: () => onFile.auth.check({ cookie: onFile.cookie }),
      tokenOnFile: () => onFile.auth.check({ authorization: onFile.authorization }),
      versionOfFile: () => version.ask(),
      absent: () => onMemory.auth.check(absent),
      forged: () => onMemory.auth.check(forged),
      unreadable: () => onMemory.auth.check(unreadable),
    },
    { rounds, calls: Math.ceil(300_000 / less) },
  );
  await onMemory.close();
  await onFile.close();
  version.close();
  return [
    atMost("check, cookie, memory store", times.cookie.median, 2, " µs"),
    told("… by hand", times.cookieLimit.median, " µs"),
    atMost("check, token, known, memory store", times.token.median, 2.5, " µs"),
    told("… by hand", times.tokenLimit.median, " µs"),
    atMost("check, cookie, SQLite (asks whether it changed)", times.cookieOnFile.median, 5, " µs"),
    atMost("check, token, known, SQLite (asks whether it changed)", times.tokenOnFile.median, 5, " µs"),
    told("… the question to the file alone (PRAGMA data_version)", times.versionOfFile.median, " µs"),
    told("refusing: no cookie of ours", times.absent.median, " µs"),
    told("refusing: a made-up cookie", times.forged.median, " µs"),
    told("refusing: a token that can't be read", times.unreadable.median, " µs"),
    told("spread of the rounds, cookie and token", Math.max(times.cookie.spread, times.token.spread) * 100, " %"),
  ];
}

/** What the question costs that a check on SQLite asks: whether any process has written to the file. */
function dataVersion(): { readonly ask: () => unknown; readonly close: () => void } {
  const folder = mkdtempSync(join(tmpdir(), "coatcheck-bench-"));
  const connection = new Connection(join(folder, "version.db"), duration("5s"));
  connection.open(() => "bench");
  return {
    ask: () => connection.changed(),
    close: () => {
      connection.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** The hand-written checks, knowing the same two logins. */
export function limitOf({ cookie, authorization }: World): {
  readonly cookie: (header: string | undefined) => string | null;
  readonly token: (header: string | undefined) => string | null;
} {
  const ended = new Set<string>();
  const token = authorization.slice("Bearer ".length);
  const byHand = {
    cookie: cookieByHand(COOKIE, new Map([kept(cookie.slice(COOKIE.length + 1), "42")]), ended),
    token: tokenByHand(new Map([known(token)]), ended),
  };
  if (byHand.cookie(cookie) !== "42" || byHand.token(authorization) !== "42")
    throw new Error("the check by hand refuses who must be let in");
  return byHand;
}
