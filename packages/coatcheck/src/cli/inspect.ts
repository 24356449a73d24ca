import type { Command } from "commander";
import { ConfigError } from "../core/errors.ts";
import { systemClock } from "../server/clock.ts";
import { administer, leaf, withSettings } from "./command.ts";
import type { Flags } from "./command.ts";
import type { Desk } from "./desk.ts";
import { NoStore } from "./failure.ts";
import { audienceCheck, issuerCheck, signatureCheck, timeCheck } from "./inspect/checks.ts";
import type { Check } from "./inspect/checks.ts";
import { readForm } from "./inspect/forms.ts";
import type { Form } from "./inspect/forms.ts";
import { keysIn } from "./inspect/jwks.ts";
import { inspectionReport } from "./inspect/report.ts";
import { conclude } from "./output.ts";
import type { Report } from "./output.ts";
import { readStdin } from "./stdin.ts";

interface InspectFlags extends Flags {
  readonly jwks?: string;
  readonly json?: boolean;
  readonly issuer?: string;
  readonly audience?: string;
}

export function inspectCommand(): Command {
  const command = leaf(
    "inspect",
    "Says what anyone can read in a token, whether it holds, and what is risky about it. Any JWT, and our own cookies and refresh tokens.",
    "coatcheck inspect - < token.txt",
    "coatcheck inspect --jwks keys.json --issuer https://login.example.com - < token.txt",
  );
  return withSettings(command, ["store", "issuer", "audience", "secretFile"])
    .argument("<token>", "the token, or - to read it from stdin: then it stands in no shell history and in no list of processes")
    .option("--jwks <file>", "a JSON Web Key Set with the keys that may have signed it (default: those of the store)")
    .option("--json", "print JSON")
    .action(async (typed: string, flags: InspectFlags) => {
      const text = typed === "-" ? await readStdin() : typed;
      if (text.trim() === "") throw new ConfigError("there is no token: give one, or - and put it on stdin");
      const form = readForm(text);
      if (flags.jwks !== undefined) return conclude(reportOn(form, byKeys(form, flags.jwks, flags)), flags.json === true);
      try {
        await administer(flags, (desk) => byStore(form, desk));
      } catch (error) {
        if (!(error instanceof NoStore)) throw error;
        conclude(reportOn(form, unproved(form, error.message)), flags.json === true);
      }
    });
}

function reportOn(form: Form, checks: readonly Check[]): Report {
  return inspectionReport(form, checks, null, systemClock.now());
}

/** A token of anybody's, by the keys of a file: whom it must be from and for is asked only if the flags say so. */
function byKeys(form: Form, path: string, { issuer, audience }: InspectFlags): readonly Check[] {
  if (form.form !== "signed") return unproved(form, "only a signed token can be proved by keys");
  return [
    signatureCheck(form, keysIn(path, form)),
    ...(issuer === undefined ? [] : [issuerCheck(form, issuer)]),
    ...(audience === undefined ? [] : [audienceCheck(form, audience)]),
    timeCheck(form, systemClock.now()),
  ];
}

/** Ours, by the store. */
async function byStore(form: Form, desk: Desk): Promise<Report> {
  const { inStore } = await import("./inspect/known.ts");
  const now = desk.clock.now();
  const { checks, session } = await inStore(desk, form, now);
  return inspectionReport(form, checks, session, now);
}

/** What can be said without keys and without a store. */
function unproved(form: Form, why: string): readonly Check[] {
  const time = form.form === "signed" ? [timeCheck(form, systemClock.now())] : [];
  return form.form === "unreadable" ? [] : [{ check: "signature", reason: "unproved", says: why }, ...time];
}
