// Walks what each public door of the built package really imports, and fails where one has grown past its ceiling or let in what is not its
// business, naming the way in. The idea is jose's (tools/bundle-report.js): a boundary is a test, not a folder.
import { bundledSize } from "./doors/bundle.ts";
import { reachableFrom } from "./doors/graph.ts";
import type { Reached } from "./doors/graph.ts";
import { DOORS } from "./doors/table.ts";
import type { Door } from "./doors/table.ts";

export interface Walked {
  readonly files: number;
  readonly kilobytes: number;
  /** In kB, if the door's row has a ceiling for it. */
  readonly bundled: number | null;
  /** One line each: what is wrong, by which way it came in, what to do. */
  readonly faults: readonly string[];
}

/** @param folder of the build. */
export async function walkDoor(folder: string, door: Door): Promise<Walked> {
  const reached = reachableFrom(folder, door.entry);
  const files = reached.length;
  const kilobytes = Math.ceil(reached.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0) / 1_000);
  const faults = [...packageFaults(reached, door), ...wordFaults(reached, door)];
  if (files > door.files || kilobytes > door.kilobytes) {
    const most = `at most ${door.files} files and ${door.kilobytes} kB`;
    faults.push(
      `pulls in ${files} files and ${kilobytes} kB, ${most}: ${byPart(reached)}; import less, or raise the ceiling in tools/doors/table.ts`,
    );
  }
  const bundled = door.bundled === undefined ? null : (await bundledSize(folder, door.entry)) / 1_000;
  if (door.bundled !== undefined && bundled !== null && bundled > door.bundled)
    faults.push(`is ${bundled} kB in one file, minified and gzipped, at most ${door.bundled} kB: ${byPart(reached)}`);
  return { files, kilobytes, bundled, faults };
}

function packageFaults(reached: readonly Reached[], { packages }: Door): string[] {
  const imported = new Map(reached.flatMap(({ packages: names, chain }) => names.map((name) => [name, chain] as const)).reverse());
  return [
    ...[...imported].filter(([name]) => !packages.includes(name)).map(([name, chain]) => `imports ${name}, by ${way(chain)}`),
    ...packages.filter((name) => !imported.has(name)).map((name) => `does not import ${name} any more: take it off its list`),
  ];
}

function wordFaults(reached: readonly Reached[], { words }: Door): string[] {
  return words.flatMap((word) => {
    const leak = reached.find(({ text }) => text.includes(word));
    return leak === undefined ? [] : [`says "${word.trim()}", in ${way(leak.chain)}`];
  });
}

const minified = (door: Door, bundled: number | null): string =>
  bundled === null ? "" : `, ${bundled} of ${door.bundled} kB minified and gzipped`;

const way = (chain: readonly string[]): string => chain.join(" → ");

/** How much of it lies in which folder, the heaviest first. */
function byPart(reached: readonly Reached[]): string {
  const parts = Map.groupBy(reached, ({ path }) => path.split("/", 1)[0] as string);
  const counts = [...parts].map(([part, modules]) => [part, modules.length] as const).sort(([, a], [, b]) => b - a);
  return counts.map(([part, count]) => `${part} ${count}`).join(", ");
}

if (import.meta.main) {
  for (const door of DOORS) {
    const { files, kilobytes, bundled, faults } = await walkDoor("packages/coatcheck/dist", door);
    for (const fault of faults) console.error(`${door.name} ${fault}`);
    if (faults.length > 0) process.exitCode = 1;
    else console.log(`${door.name}: ${files} of ${door.files} files, ${kilobytes} of ${door.kilobytes} kB${minified(door, bundled)}`);
  }
}
