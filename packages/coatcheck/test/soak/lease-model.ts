import { explore } from "../model/model.ts";
import { LARGE_SCOPES } from "../model/scopes.ts";

/** Whether the protocol of the lease keeps its promises in the larger worlds, too. */
export function leaseModel(say: (line: string) => void): boolean {
  let ok = true;
  for (const scope of LARGE_SCOPES) {
    const { states, transitions, depth, unreached, way } = explore(scope);
    say(`${scope.name}: ${states} states, ${transitions} transitions, ${depth} steps deep`);
    for (const goal of unreached) say(`FAULT: it never comes about that ${goal}`);
    if (way !== null) say(`FAULT:\n    ${way.join("\n    ")}`);
    ok &&= way === null && unreached.length === 0;
  }
  return ok;
}
