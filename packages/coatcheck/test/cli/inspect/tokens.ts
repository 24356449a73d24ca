import { createHmac } from "node:crypto";
import { readForm } from "../../../src/cli/inspect/forms.ts";
import type { SignedForm } from "../../../src/cli/inspect/forms.ts";
import { instant } from "../../../src/core/time.ts";
import type { Instant } from "../../../src/core/time.ts";

export const NOW: Instant = instant(1_800_000_000_000);

/** Nothing is risky about it. */
export const HEADER = { alg: "ES256", typ: "at+jwt", kid: "k1" };
export const CLAIMS = { iss: "https://as.example", aud: "app", sub: "42", iat: 1_800_000_000 - 60, exp: 1_800_000_000 + 240 };

function encode(value: object | string): string {
  return Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
}

/** A token with this header and these claims, which nobody signed. An undefined member is left out; a text stands as it is. */
export function unsigned(header: object | string, claims: object | string): string {
  return `${encode(header)}.${encode(claims)}.${encode("no signature")}`;
}

export function symmetric(header: object, claims: object): string {
  const input = `${encode(header)}.${encode(claims)}`;
  return `${input}.${createHmac("sha256", "secret").update(input).digest("base64url")}`;
}

export function signed(text: string): SignedForm {
  const form = readForm(text);
  if (form.form !== "signed") throw new Error(`read as ${form.form}`);
  return form;
}
