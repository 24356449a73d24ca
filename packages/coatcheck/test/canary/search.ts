import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { UserId } from "../../src/core/ids.ts";
import { instant } from "../../src/core/time.ts";
import { postgres } from "../../src/stores/postgres/index.ts";
import { sqlite } from "../../src/stores/sqlite/index.ts";
import { engineOn } from "../support/engine.ts";
import { PROGRAMS, startPostgres } from "../support/postgres.ts";
import { startServer } from "../support/server.ts";
import { collectAnswer } from "./answers.ts";
import { formsOf } from "./forms.ts";
import { NeedleIndex } from "./index-of-needles.ts";
import { closeSinks, FOLDER, SINKS } from "./sinks.ts";
import type { Secret, Sink } from "./sinks.ts";
import { witnessedLog } from "./witness.ts";

// The last step of the test command: looks for everything secret that the run minted in everything that it wrote. It first plants something in each
// sink, through the sink itself, and must find that; a search that finds nothing proves nothing otherwise.

// With a space, so that its spelling in an address is another.
const PLANT = `planted ${randomBytes(12).toString("hex")}`;
const PLANTED = {
  id: "usr_planted" as UserId,
  email: "planted@example.com",
  name: PLANT,
  roles: [],
  emailVerified: false,
  disabled: false,
};
const SILENT = { info: () => {}, warn: () => {}, error: () => {} };

/** The forms that the plant is written in, all into the log. */
const FORMS: readonly string[] = formsOf(PLANT).map(String);

/** In a PostgreSQL, where there is one: it is searched when it is removed. */
async function plantInPostgres(): Promise<void> {
  const server = await startPostgres();
  try {
    const composed = await engineOn({ store: postgres(await server.database()) });
    await composed.engine.store.users.create({ ...PLANTED, createdAt: instant(1) }, "no hash");
    await composed.close();
  } finally {
    await server.remove();
  }
}

async function plant(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "coatcheck-canary-"));
  try {
    for (const form of FORMS) witnessedLog(SILENT).warn("planted", { note: form });
    const composed = await engineOn({ store: sqlite(join(folder, "plant.db")) });
    const { store, metrics, tracer } = composed.engine;
    const nobody = { userId: null, sid: null, ip: "", carrier: null } as const;
    await store.audit.append({ ...nobody, at: instant(1), event: "planted", detail: { note: PLANT } });
    await store.users.create({ ...PLANTED, createdAt: instant(1) }, "no hash");
    metrics.errors.cell(PLANT).value = 1;
    await tracer?.request(null, async (span) => span.update("planted", { note: PLANT }));
    await composed.close();
    collectAnswer(404, new Headers(), JSON.stringify({ detail: PLANT }));
    // Its start lines say where the data are.
    const home = join(folder, PLANT);
    mkdirSync(home);
    await (await startServer(home)).stop();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Sought {
  readonly secret: Secret | null;
  /** Which form of the plant it is. */
  readonly form: number;
}

function* needles(secrets: readonly Secret[]): Generator<{ bytes: Buffer; of: Sought }> {
  for (const [form, text] of FORMS.entries()) yield { bytes: Buffer.from(text), of: { secret: null, form } };
  for (const secret of secrets) for (const bytes of formsOf(secret.text)) yield { bytes, of: { secret, form: 0 } };
}

function read(folder: string, prefix: string): readonly (readonly [name: string, bytes: Buffer])[] {
  const names = readdirSync(folder).filter((name) => name.startsWith(prefix));
  return names.map((name) => [name.slice(prefix.length).split(".", 1)[0] as string, readFileSync(join(folder, name))]);
}

/** A hash of a password belongs into the database, and nowhere else. */
function isAllowed({ kind }: Secret, sink: string): boolean {
  return kind === "phc" && (sink === "database" || sink === "postgres");
}

/** Where it is, and the text before it: what was written there is plain from that. */
function leak({ kind }: Secret, sink: string, bytes: Buffer, at: number): string {
  const before = JSON.stringify(bytes.toString("latin1", Math.max(0, at - 80), at));
  return `canary: LEAKED a secret (${kind}) into ${sink}, behind ${before}`;
}

async function main(folder: string): Promise<number> {
  await plant();
  if (PROGRAMS !== null) await plantInPostgres();
  closeSinks();
  const lines = read(folder, "secrets.").flatMap(([, bytes]) => bytes.toString().trimEnd().split("\n"));
  const secrets = [...new Set(lines)].map((line) => JSON.parse(line) as Secret);
  const index = new NeedleIndex(needles(secrets));
  const leaks = new Set<string>();
  const planted = new Set<string>();
  let searched = 0;
  for (const [sink, bytes] of read(folder, "sink-")) {
    searched += bytes.length;
    for (const { of, at } of index.search(bytes)) {
      if (of.secret === null) planted.add(of.form === 0 ? sink : `form ${of.form}`);
      else if (!isAllowed(of.secret, sink)) leaks.add(leak(of.secret, sink, bytes, at));
    }
  }
  const sinks = SINKS.filter((sink) => sink !== "postgres" || PROGRAMS !== null);
  const expected = [...sinks, ...FORMS.slice(1).map((_, at) => `form ${at + 1}`)];
  const missing = expected.filter((name) => !planted.has(name));
  for (const line of leaks) console.log(line);
  for (const name of missing) console.log(`canary: NOT FOUND what was planted in ${name as Sink}`);
  console.log(
    `canary: ${sinks.length} sinks, ${searched} bytes, ${secrets.length} secrets searched, ${planted.size} of ${expected.length} planted found, ${leaks.size} leaked`,
  );
  return leaks.size + missing.length === 0 && secrets.length > 0 ? 0 : 1;
}

if (FOLDER === undefined) throw new Error("TEST_CANARY must name the folder that the tests collected in: npm test sets it");
process.exitCode = await main(FOLDER);
