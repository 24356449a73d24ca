import { styleText } from "node:util";
import { list } from "../output.ts";
import type { Report } from "../output.ts";
import type { Check, Finding, Severity } from "./check.ts";
import type { Facts } from "./facts.ts";
import { secretChecks, serverChecks, storeChecks, timeChecks } from "./keeping.ts";
import { settingChecks } from "./settings.ts";

/** Every check by its name, in the order in which they are told; docs/cli.md lists them. */
export const CHECKS: Readonly<Record<string, Check>> = {
  ...settingChecks,
  ...secretChecks,
  ...storeChecks,
  ...timeChecks,
  ...serverChecks,
};

export function examine(facts: Facts): Finding[] {
  return Object.entries(CHECKS).flatMap(([check, look]) => {
    const found = look(facts);
    return found === null ? [] : { check, ...found };
  });
}

const COLOURS = { ok: "green", warn: "yellow", fail: "red" } as const satisfies Record<Severity, string>;

export function doctorReport(findings: readonly Finding[]): Report {
  const failed = findings.filter(({ severity }) => severity === "fail").map(({ check }) => check);
  const warned = findings.filter(({ severity }) => severity === "warn");
  const lines = list(
    findings.map(({ check, severity, says, mend }) => [severity, check, mend === null ? says : `${says} → ${mend}`]),
  ).split("\n");
  const coloured = lines.map((line, index) => {
    const { severity } = findings[index] as Finding;
    return styleText(COLOURS[severity], severity, { stream: process.stdout }) + line.slice(severity.length);
  });
  const rest = warned.length === 0 ? "" : `; ${warned.length} to think about`;
  return {
    json: { ok: failed.length === 0, findings },
    text: `${coloured.join("\n")}\n\n${findings.length - failed.length - warned.length} of ${findings.length} are as they should be${rest}.`,
    failure: failed.length === 0 ? null : `not as it should be: ${failed.join(", ")}`,
  };
}
