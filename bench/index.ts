import { parseArgs } from "node:util";
import { check } from "./check.ts";
import { growth } from "./growth.ts";
import { many } from "./many.ts";
import { postgresStore } from "./postgres.ts";
import { FULL, machine, QUICK, table } from "./report.ts";
import type { Extent, Row } from "./report.ts";
import { servers } from "./servers.ts";
import { signIn } from "./sign-in.ts";
import { verify } from "./verify.ts";

// `npm run bench`: what a check costs, beside what it could cost at least, in one run. docs/benchmarks.md says what each part measures.

const PARTS: Readonly<Record<string, (extent: Extent) => Promise<readonly Row[]>>> = {
  check,
  servers,
  verify,
  postgres: postgresStore,
  many,
  "sign-in": signIn,
  growth,
};

const { values } = parseArgs({
  options: { quick: { type: "boolean", default: false }, only: { type: "string", multiple: true, default: [] } },
});
const unknown = values.only.find((name) => !Object.hasOwn(PARTS, name));
if (unknown !== undefined) {
  console.error(`there is no part named "${unknown}"; there are: ${Object.keys(PARTS).join(", ")}`);
  process.exit(2);
}

console.log(machine());
const rows: Row[] = [];
for (const [name, run] of Object.entries(PARTS)) {
  if (values.only.length > 0 && !values.only.includes(name)) continue;
  console.error(`${name} …`);
  rows.push(...(await run(values.quick ? QUICK : FULL)));
}
console.log(`\n${table(rows)}`);
const missed = rows.filter(({ met }) => met === false);
console.log(missed.length === 0 ? "\nEvery goal is met." : `\nNot met: ${missed.map(({ what }) => what).join("; ")}.`);
