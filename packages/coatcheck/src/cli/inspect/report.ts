import type { SessionRecord } from "../../core/session.ts";
import type { Instant } from "../../core/time.ts";
import { sessionView } from "../../http/views.ts";
import { list, strong, when } from "../output.ts";
import type { Report } from "../output.ts";
import type { Check } from "./checks.ts";
import type { Form } from "./forms.ts";
import { risksOf } from "./risks.ts";
import type { Risk } from "./risks.ts";
import { claimsInWords, headerInWords } from "./words.ts";
import type { Readable } from "./words.ts";

/** What it is, in a sentence. */
const KINDS: Readonly<Record<Form["form"], string>> = {
  signed: "A signed token (JWT). Anyone who holds it can read this:",
  encrypted: "An encrypted token (JWE). Anyone who holds it can read its header, and only whoever has the key the rest:",
  refresh: "A refresh token of Coatcheck. Nothing about anybody can be read in it: it names a session, and the rest is secret.",
  ticket: "The value of Coatcheck's cookie. Nothing about anybody can be read in it: it names a session, and the rest is secret.",
  unreadable: "This is of no form that is known here: no JWT, and no cookie or refresh token of Coatcheck. Was all of it copied?",
};

export function inspectionReport(form: Form, checks: readonly Check[], session: SessionRecord | null, now: Instant): Report {
  const header = "header" in form ? headerInWords(form.header) : [];
  const claims = form.form === "signed" ? claimsInWords(form.claims, now) : [];
  const risks = form.form === "signed" ? risksOf(form) : [];
  const failed = checks.filter(({ reason }) => reason !== null);
  const holds = checks.length > 0 && failed.length === 0;
  const reasons = [...new Set(failed.map(({ reason }) => reason as string))];
  const text = [
    KINDS[form.form],
    ...section("Header", readables(header)),
    ...section("Claims", readables(claims)),
    ...section("Session", session === null ? null : sessionLines(session)),
    ...section(holds ? "It holds" : "It does not hold", checkLines(checks)),
    ...section("Risks", riskLines(risks)),
  ].join("\n");
  return {
    json: {
      kind: form.form,
      header,
      claims,
      holds,
      reasons,
      checks: checks.map(({ check, reason, says }) => ({ check, ok: reason === null, reason, says })),
      risks,
      session: session === null ? null : { ...sessionView(session), userId: session.userId },
    },
    text,
    failure: holds ? null : `it does not hold${reasons.length === 0 ? "" : `: ${reasons.join(", ")}`}`,
  };
}

function section(title: string, lines: string | null): string[] {
  return lines === null ? [] : ["", strong(title), lines.replaceAll(/^/gm, "  ")];
}

function readables(items: readonly Readable[]): string | null {
  if (items.length === 0) return null;
  return list(items.map(({ name, value, says }) => [name, typeof value === "string" ? value : JSON.stringify(value), says]));
}

function sessionLines({ sid, userId, createdAt, lastSeenAt, device }: SessionRecord): string {
  return list([
    ["sid", sid],
    ["user", userId],
    ["started", when(createdAt)],
    ["last seen", when(lastSeenAt)],
    ["device", device.label],
  ]);
}

function checkLines(checks: readonly Check[]): string | null {
  return checks.length === 0 ? null : list(checks.map(({ check, reason, says }) => [check, reason ?? "ok", says]));
}

function riskLines(risks: readonly Risk[]): string | null {
  return risks.length === 0 ? null : list(risks.map(({ risk, says }) => [risk, says]));
}
