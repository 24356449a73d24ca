import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const MODEL = fileURLToPath(new URL("lease.pml", import.meta.url));

interface World {
  readonly name: string;
  /** Set with -D. */
  readonly switches: readonly string[];
}

const world = (name: string, ...switches: readonly string[]): World => ({ name, switches });

/** No promise is broken in any of these. */
const WORLDS: readonly World[] = [
  world("two verifiers, whoever answers starts afresh", "VERIFIERS=2", "FORGETS=1"),
  world("two verifiers, holders as rows", "VERIFIERS=2", "ROWS"),
  world("two questions at once, a longer lease", "QUESTIONS=2", "LEASE=3", "RESTARTS=1"),
  world("three ends, two questions at once", "ENDS=3", "QUESTIONS=2"),
  world("two ends, two fail-overs", "ENDS=2", "LOSSES=2"),
  world("two ends, two restores", "ENDS=2", "LOSSES=2", "RESTORE"),
  world("two ends, holders as rows, a fail-over", "ENDS=2", "LOSSES=1", "ROWS", "FORGETS=1", "RESTARTS=1"),
];

/** Each of these does one thing wrongly. */
const MISTAKES: readonly World[] = [
  world("no lease", "NEWS_ALONE"),
  world("the lease runs from when the answer came", "FROM_RECEIPT"),
  world("news are taken for everything up to their head", "GAP_UNCHECKED", "ENDS=2"),
  world("a position is known by its number alone", "BY_NUMBER", "ENDS=2", "LOSSES=1", "RESTORE"),
  world("another life of the store replaces what was known", "REPLACES"),
  world("a standby that lags answers", "STANDBY"),
  world("a holder is recorded after it was answered", "RECORDED_AFTER"),
  world("the log is read in a snapshot from before the holder's row", "ONE_SNAPSHOT", "ROWS"),
  world("what was sent to a holder counts as applied", "SENT_IS_APPLIED"),
  world("how far a holder has applied the log is known by the number alone", "APPLIED_BY_NUMBER", "ENDS=2", "LOSSES=1", "RESTORE"),
  world("whoever knows the holders forgets them and does not wait", "FORGETFUL", "FORGETS=1"),
  world("a store that lost its end is believed to know its holders", "ROWS_BELIEVED", "ROWS", "LOSSES=1"),
];

/** Has Spin search the model of the lease, as it should be and with each mistake. */
export async function spin(say: (line: string) => void): Promise<boolean> {
  const missing = await missingTool();
  if (missing !== null) {
    say(`NOT RUN: there is no \`${missing}\` here; on Debian: apt-get install spin gcc libc6-dev`);
    return true;
  }
  let ok = true;
  for (const it of WORLDS) ok = (await holds(it, say)) && ok;
  for (const it of MISTAKES) ok = (await isFound(it, say)) && ok;
  return ok;
}

async function missingTool(): Promise<string | null> {
  for (const [tool, ask] of [
    ["spin", "-V"],
    ["cc", "--version"],
  ] as const) {
    const found = await run(tool, [ask]).then(
      () => true,
      () => false,
    );
    if (!found) return tool;
  }
  return null;
}

async function holds(it: World, say: (line: string) => void): Promise<boolean> {
  const { complete, errors, states, transitions } = await searched(it);
  say(`${it.name}: ${states} states, ${transitions} transitions, ${errors} errors`);
  if (!complete) say("FAULT: the search was cut short");
  return complete && errors === 0;
}

async function isFound(it: World, say: (line: string) => void): Promise<boolean> {
  const { errors, states } = await searched(it);
  say(errors > 0 ? `if ${it.name}: found after ${states} states` : `FAULT: if ${it.name}: not found`);
  return errors > 0;
}

interface Searched {
  readonly complete: boolean;
  readonly errors: number;
  readonly states: number;
  readonly transitions: number;
}

async function searched({ switches }: World): Promise<Searched> {
  const cwd = await mkdtemp(join(tmpdir(), "coatcheck-spin-"));
  try {
    const defines = switches.map((it) => `-D${it}`);
    await run("spin", [...defines, "-a", MODEL], { cwd });
    await run("cc", ["-O2", "-w", "-DSAFETY", "-DCOLLAPSE", "-DMEMLIM=4000", "-o", "pan", "pan.c"], { cwd });
    const { stdout } = await run(join(cwd, "pan"), ["-m1000000"], { cwd, maxBuffer: 2 ** 26 });
    const number = (pattern: RegExp): number => Number(pattern.exec(stdout)?.[1] ?? Number.NaN);
    return {
      complete: !/max search depth too small|out of memory|Search not completed/.test(stdout),
      errors: number(/errors: (\d+)/),
      states: number(/(\d+) states, stored/),
      transitions: number(/(\d+) transitions/),
    };
  } finally {
    await rm(cwd, { recursive: true });
  }
}
