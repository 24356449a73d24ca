import { goalsOf } from "./goals.ts";
import type { Mistake } from "./mistakes.ts";
import { broken } from "./promises.ts";
import { search } from "./search.ts";
import type { Found } from "./search.ts";
import { encode, startOf } from "./state.ts";
import type { Scope } from "./state.ts";
import { stepsOf } from "./steps.ts";

/** Tries everything that can happen in this world. */
export function explore(scope: Scope, mistake: Mistake | null = null): Found {
  return search({
    start: startOf(scope),
    encode,
    steps: stepsOf(scope, mistake),
    broken: (state) => broken(state, scope),
    goals: goalsOf(scope),
  });
}
