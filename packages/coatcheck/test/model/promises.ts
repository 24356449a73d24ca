import { has, pathTo, seqOf } from "./log.ts";
import type { Written } from "./log.ts";
import { decides, endsNow } from "./state.ts";
import type { Minted, Scope, State, Verifier } from "./state.ts";

/** What is promised of every state and doesn't hold in this one; null if all of it holds. */
export function broken(state: State, scope: Scope): string | null {
  for (const verifier of state.verifiers) {
    const what = gap(state, verifier) ?? (decides(verifier, scope) ? wronglyAccepted(state, verifier, scope) : null);
    if (what !== null) return what;
  }
  return null;
}

function gap({ log }: State, { position, applied }: Verifier): string | null {
  return (pathTo(log, position) & ~applied) === 0 ? null : "a copy claims to go up to where it does not";
}

function wronglyAccepted(state: State, verifier: Verifier, scope: Scope): string | null {
  for (let entry = 1; entry <= state.log.length; entry += 1)
    if (has(verifier.applied, entry) && acceptsEnded(state, verifier, entry, scope))
      return `what entry ${entry} ended is accepted by a verifier that had applied it`;
  for (const entry of endsNow(state)) {
    if (!acceptsEnded(state, verifier, entry, scope)) continue;
    if (has(state.waited, entry)) return `what entry ${entry} ended is accepted, and it was said that nobody would`;
    if ((state.ages[entry - 1] as number) >= scope.lease) return `what entry ${entry} ended is accepted when the bound has passed`;
  }
  return null;
}

/** Whether whoever decides from this verifier's table would accept what this entry ended. */
export function acceptsEnded({ log, minted }: State, verifier: Verifier, entry: number, { mints }: Scope): boolean {
  if (log[entry - 1]?.isEpoch === true) return false;
  if (!mints) return !has(verifier.table, entry);
  return minted !== null && entry > minted.written && !refusesMinted(log, verifier, minted);
}

/** By numbers, as a cutoff works: something later is known, or it is from a log that this verifier does not know. */
function refusesMinted(log: Written, { table, position }: Verifier, { rsq }: Minted): boolean {
  if (rsq > seqOf(log, position)) return true;
  return log.some(({ seq }, index) => has(table, index + 1) && seq > rsq);
}
