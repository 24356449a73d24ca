import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { EVENTS, KEPT } from "../../src/core/events.ts";
import { METRICS } from "../../src/observe/catalogue.ts";
import { REFUSALS_AN_HOUR, ROUTINE_AN_HOUR } from "../../src/observe/audit.ts";

// Both documents are these tables: after a change of one, `npm test -- observe/docs -u` writes them anew.

const DAY = 86_400_000;
const code = (text: string): string => `\`${text}\``;
const row = (...cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;

test("docs/metrics.md is the catalogue of metrics", async () => {
  const rows = Object.values(METRICS).map(({ name, type, labels, help }) => row(code(name), type, labels.map(code).join(", "), help));
  const text = `# Metrics

\`GET /metrics\` answers in Prometheus' text format (\`text/plain; version=0.0.4\`) to whoever shows \`--metrics-token\` as a bearer token, or on \`--metrics-port\`, a
port of its own on the same address, to whoever reaches it. Without either there is no such address: 404. In an application, \`auth.metrics()\` gives the same text.

Label values come from tables (routes, reasons, operations, events) and never from a request, so their number is bounded and nothing that somebody typed is in them.
A check from memory adds to a number and no more; one of sixteen is timed. Counts are of one process, and start at 0 with it.

| metric | type | labels | what it says |
| --- | --- | --- | --- |
${rows.join("\n")}
`;
  await expect(text).toMatchFileSnapshot("../../../../docs/metrics.md");
});

test("docs/audit.md is the table of security events", async () => {
  const rows = Object.entries(EVENTS).map(([name, { kept, meaning, fields }]) =>
    row(
      code(name),
      kept,
      meaning,
      Object.entries(fields)
        .map(([field, says]) => `${code(field)}: ${says}`)
        .join("; "),
    ),
  );
  const text = `# The audit trail

Every security event is a row in the store and a line in the log: when (\`at\`), what (\`event\`), who (\`userId\`, \`sid\`), from where (\`ip\`, and the device in \`detail\`), by which proof
(\`carrier\`, and \`amr\` in \`detail\`). None holds a secret. An address that was typed and that nobody has an account for is not kept either: people type passwords into any field.

Events are of three kinds. A **deed** changed something, and is kept for ${KEPT.deed / DAY} days. A **refusal** changed nothing, and is kept for ${KEPT.refusal / DAY} days; strangers can cause as many as they like, so each process
writes at most ${REFUSALS_AN_HOUR.ofAccounts} of one event an hour that name an account and ${REFUSALS_AN_HOUR.ofNobody} that name none. What is more is counted (\`coatcheck_audit_suppressed_total\`) and written as one
\`audit_suppressed\` when the hour is over: a flood neither fills the disk nor hides that it came. **Routine** is what a client with a secret may do as often as it likes, and is kept for ${KEPT.routine / DAY} days: each
process writes at most ${ROUTINE_AN_HOUR} of one event an hour for each client, and sums up the rest in the same way. (A service that asks for a token with every request would write millions of rows a day that say
nothing new; that it did, from where and for what stands in those that are kept, and how often in the sum.) Housekeeping deletes what is over, once a minute.

If the trail can't be written, what has happened stands, the log has the event, and \`coatcheck_audit_failures_total\` counts it.

| event | kind | meaning | in \`detail\` |
| --- | --- | --- | --- |
${rows.join("\n")}
`;
  await expect(text).toMatchFileSnapshot("../../../../docs/audit.md");
});

const SRC = fileURLToPath(new URL("../../src/", import.meta.url));
const sources = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts") && !/events\.ts$|catalogue\.ts$/.test(name))
  .map((name) => readFileSync(join(SRC, name), "utf8"))
  .join("\n");

// What is written is in the table: the compiler sees to that. The other way round:
test.each(Object.keys(EVENTS))("the event %s is written somewhere", (name) => {
  // A pair of commands writes `user_${name}d`.
  const [pair = ""] = /^(user|client)_(?=(en|dis)abled$)/.exec(name) ?? [];
  expect(sources.includes(`"${name}"`) || (pair !== "" && sources.includes(`\`${pair}\${name}d\``))).toBe(true);
});

test.each(Object.keys(METRICS))("the metric %s is counted somewhere", (name) => {
  expect(new RegExp(`metrics\\.${name}\\b`).test(sources)).toBe(true);
});
