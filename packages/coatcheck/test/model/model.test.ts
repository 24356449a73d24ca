import { describe, expect, it } from "vitest";
import { MISTAKES } from "./mistakes.ts";
import type { Mistake } from "./mistakes.ts";
import { explore } from "./model.ts";
import { CAUGHT_IN, LIMITS, SCOPES } from "./scopes.ts";
import type { Found } from "./search.ts";

describe("in every state that can be reached, the protocol of the lease keeps its promises:", () => {
  it.each(Object.values(SCOPES).map((scope) => [scope.name, scope] as const))("%s", (name, scope) => {
    const found = explore(scope);
    console.log(`lease model, ${name}: ${found.states} states, ${found.transitions} transitions, ${found.depth} steps deep`);
    expect(wayOf(found)).toBe("none");
    expect(found.unreached).toEqual([]);
  });
});

describe("the search finds where it leads if", () => {
  it.each(Object.entries(MISTAKES).map(([mistake, what]) => [what, mistake as Mistake] as const))("%s", (what, mistake) => {
    const found = explore(CAUGHT_IN[mistake], mistake);
    console.log(`lease model, if ${what}: found after ${found.states} states, ${found.way?.length} steps away`);
    expect(found.way).not.toBeNull();
  });
});

describe("what is not promised", () => {
  it.each(LIMITS.map((scope) => [scope.name, scope] as const))("%s", (_, scope) => {
    expect(explore(scope).way).not.toBeNull();
  });
});

/** One step in each line, the last of them what was broken. */
function wayOf({ way }: Found): string {
  return way === null ? "none" : way.map((step, index) => `  ${String(index + 1).padStart(2)} ${step}`).join("\n");
}
