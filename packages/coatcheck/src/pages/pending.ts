import { parseSid } from "../core/ids.ts";
import type { Sid } from "../core/ids.ts";

/** What a person may have asked for when the API wanted a fresh proof first. A closed list, never an address: there is nothing to redirect to. */
export type Action = { readonly kind: "end-others" } | { readonly kind: "end"; readonly sid: Sid };

/** As a hidden field carries it. */
export function writeAction(action: Action): string {
  return action.kind === "end" ? `end:${action.sid}` : action.kind;
}

/** @returns null for anything that {@link writeAction} does not write. */
export function readAction(text: string): Action | null {
  if (text === "end-others") return { kind: "end-others" };
  const sid = text.startsWith("end:") ? parseSid(text.slice("end:".length)) : null;
  return sid === null ? null : { kind: "end", sid };
}
