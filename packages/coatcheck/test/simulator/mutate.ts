import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Mutant } from "./mutants.ts";

const SRC = fileURLToPath(new URL("../../src", import.meta.url));

/** What the simulator runs: itself and the shipped files. */
const PARTS = ["core", "revocation", "stores/numbering.ts", "testing/simulator"];

/** Copies the shipped files into a folder of their own and does one thing wrongly there. */
export function mutate({ name, patches }: Mutant): string {
  const folder = mkdtempSync(join(tmpdir(), "coatcheck-mutant-"));
  for (const part of PARTS) cpSync(join(SRC, part), join(folder, part), { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
  for (const { file, from, to } of patches) {
    const text = readFileSync(join(folder, file), "utf8");
    if (!text.includes(from)) throw new Error(`"${name}" no longer fits ${file}: ${from}`);
    writeFileSync(join(folder, file), text.replaceAll(from, to));
  }
  return folder;
}
