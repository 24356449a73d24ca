import type { Command } from "commander";
import { createAccountOffice } from "../accounts/office.ts";
import type { UserId } from "../core/ids.ts";
import { duration } from "../core/time.ts";
import { encode } from "../crypto/base64url.ts";
import { systemClocks } from "../server/clock.ts";
import { systemRandom } from "../server/random.ts";
import { administer, administration } from "./command.ts";
import type { Flags } from "./command.ts";
import type { Desk } from "./desk.ts";
import { isOpenToEavesdroppers, logIn, readAddress, refreshSurfaces, surfacesOf } from "./drill/surfaces.ts";
import type { Surface } from "./drill/surfaces.ts";
import { Failure } from "./failure.ts";
import { table } from "./output.ts";
import type { Report } from "./output.ts";

/** An account that nobody else has: names under `.invalid` are nobody's (RFC 2606 §2). Between drills it is disabled. */
const EMAIL = "drill@coatcheck.invalid";

/** How much longer than the bound a surface may take to let the login in, and is watched after its end. */
const PATIENCE = duration("1s");

interface DrillFlags extends Flags {
  readonly node: readonly string[];
  readonly verifier: readonly string[];
}

const collected = (value: string, before: readonly string[]): readonly string[] => [...before, value];

/** How long each surface went on letting in a login that had been ended. */
interface Row {
  readonly surface: Surface;
  /** From the acknowledged end to the first refusal; null if there was none. */
  readonly deadAfter: number | null;
  /** Answers in between that said neither yes nor no. */
  readonly unknown: number;
}

export function drillCommand(): Command {
  return administration(
    "drill",
    "Logs a test user in on every carrier, ends that everywhere, and shows how long each surface took to refuse it.",
    "coatcheck drill --node https://node-1.internal:3000 --node https://node-2.internal:3000 --verifier https://api.example.com/whoami",
  )
    .option("--node <address>", "a node to watch; several times for several (default: the issuer)", collected, [])
    .option(
      "--verifier <address>",
      "an address of a service that answers 2xx to whoever is let in by an access token; several times for several",
      collected,
      [],
    )
    .action(async (flags: DrillFlags) => {
      const typed = flags.node.map((it) => readAddress("--node", it));
      const verifiers = flags.verifier.map((it) => readAddress("--verifier", it));
      await administer(flags, async (desk) => {
        const nodes = typed.length > 0 ? typed : [desk.config.settings.issuer];
        const open = [...nodes, ...verifiers].find(isOpenToEavesdroppers);
        if (open !== undefined)
          process.stderr.write(`coatcheck: the drill's login goes to ${open} in clear; it is good for nothing else\n`);
        return await drill(desk, nodes, verifiers);
      });
    });
}

async function drill(desk: Desk, nodes: readonly string[], verifiers: readonly string[]): Promise<Report> {
  const password = encode(systemRandom.bytes(24));
  const userId = await openAccount(desk, password);
  try {
    const login = await logIn(nodes[0] as string, { email: EMAIL, password });
    const surfaces = surfacesOf(login, nodes, verifiers);
    const { bound } = desk.config.settings;
    await Promise.all(surfaces.map((it) => untilAccepted(it, bound + PATIENCE)));
    await desk.sessions.endAll(userId, null, { ip: "", why: "ended_by_administrator" });
    const ended = systemClocks.monotonic();
    const rows = await Promise.all([...surfaces, ...refreshSurfaces(login, nodes)].map((it) => untilRefused(it, ended, bound + PATIENCE)));
    return reportOf(rows, bound);
  } finally {
    await desk.store.users.setDisabled(userId, true, desk.clock.now());
  }
}

/** Enabled, and with a password that nobody knows but this drill. */
async function openAccount(desk: Desk, password: string): Promise<UserId> {
  const { store, clock, config } = desk;
  const office = createAccountOffice({
    ...{ users: store.users, clock, random: systemRandom },
    issuerHost: new URL(config.settings.issuer).hostname,
  });
  const known = await store.users.byEmail(EMAIL);
  const { user } = known ?? (await office.add({ email: EMAIL, name: "Drill", roles: [] }, password));
  if (known !== null) {
    await office.setPassword(user, password);
    await store.users.setDisabled(user.id, false, clock.now());
  }
  await desk.audit({ event: known === null ? "user_added" : "user_enabled", userId: user.id, detail: { why: "drill" } });
  return user.id;
}

/** @throws Failure if it never lets the login in: then nothing can be learnt from its refusal. */
async function untilAccepted(surface: Surface, patience: number): Promise<void> {
  const began = systemClocks.monotonic();
  let said = await surface.ask();
  while (said !== "accepted" && systemClocks.monotonic() - began < patience) {
    await new Promise((go) => setTimeout(go, 50));
    said = await surface.ask();
  }
  if (said !== "accepted")
    throw new Failure(
      `${surface.at} does not let in who has just logged in (${surface.shows}): see that it serves the same store, and that its lease holds`,
    );
}

async function untilRefused(surface: Surface, ended: number, patience: number): Promise<Row> {
  let unknown = 0;
  for (;;) {
    const said = await surface.ask();
    const passed = systemClocks.monotonic() - ended;
    if (said === "refused") return { surface, deadAfter: Math.ceil(passed), unknown };
    if (said === "unknown") unknown += 1;
    if (passed > patience) return { surface, deadAfter: null, unknown };
    await new Promise((go) => setTimeout(go, 5));
  }
}

function reportOf(rows: readonly Row[], bound: number): Report {
  const late = rows.filter(({ deadAfter }) => deadAfter === null || deadAfter > bound);
  const json = {
    bound,
    surfaces: rows.map(({ surface: { at, shows }, deadAfter, unknown }) => ({ at, shows, deadAfter, unknown })),
  };
  const text = table(rows, {
    SURFACE: ({ surface }) => surface.at,
    SHOWN: ({ surface }) => surface.shows,
    "DEAD AFTER": ({ deadAfter }) => (deadAfter === null ? "still accepted" : `${deadAfter} ms`),
    "NO ANSWER": ({ unknown }) => String(unknown),
    BOUND: ({ deadAfter }) => (deadAfter === null || deadAfter > bound ? "missed" : "kept"),
  });
  const failure =
    late.length === 0 ? null : `${late.length} of ${rows.length} surfaces did not refuse within ${bound} ms: see coatcheck doctor`;
  return { json, text, failure };
}
