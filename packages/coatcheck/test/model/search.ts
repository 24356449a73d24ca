/** Something that moves in steps: where it starts, where it can go from each state, and what must never be. */
export interface Machine<State> {
  readonly start: State;
  /** The same for states that nothing can tell apart. */
  readonly encode: (state: State) => string;
  readonly steps: (state: State) => readonly Step<State>[];
  /** What is promised and doesn't hold in this state; null if all of it holds. */
  readonly broken: (state: State) => string | null;
  /** What has to come about somewhere, or the promises hold for want of an occasion. */
  readonly goals: Readonly<Record<string, (before: State, step: Step<State>) => boolean>>;
}

export interface Step<State> {
  readonly name: string;
  readonly to: State;
}

export interface Found {
  readonly states: number;
  readonly transitions: number;
  /** The most steps that any state is away from the start. */
  readonly depth: number;
  readonly unreached: readonly string[];
  /** The shortest way to what must never be, ending in what was broken; null if there is none. */
  readonly way: readonly string[] | null;
}

/** Goes to every state that can be reached, the near ones first, and stops at the first that breaks a promise. */
export function search<State>(machine: Machine<State>): Found {
  const { start, encode, steps, broken, goals } = machine;
  const seen = new Set([encode(start)]);
  /** For each state in the order it was found: from which it was reached, and by which of that one's steps. */
  const parents = [-1];
  const choices = [-1];
  const unreached = new Set(Object.keys(goals));
  let [transitions, depth, found] = [0, 0, 0];
  let level = [start];
  const report = (way: readonly string[] | null): Found => ({ states: seen.size, transitions, depth, unreached: [...unreached], way });

  for (; level.length > 0; depth += 1) {
    const next: State[] = [];
    for (const state of level) {
      for (const [choice, step] of steps(state).entries()) {
        transitions += 1;
        for (const goal of unreached) if (goals[goal]?.(state, step) === true) unreached.delete(goal);
        const key = encode(step.to);
        if (seen.has(key)) continue;
        seen.add(key);
        parents.push(found);
        choices.push(choice);
        next.push(step.to);
        const what = broken(step.to);
        if (what !== null) return report([...wayTo(machine, parents, choices), what]);
      }
      found += 1;
    }
    level = next;
  }
  return report(null);
}

/** The names of the steps to the state that was found last. */
function wayTo<State>({ start, steps }: Machine<State>, parents: readonly number[], choices: readonly number[]): string[] {
  const way: number[] = [];
  for (let at = parents.length - 1; at > 0; at = parents[at] as number) way.unshift(choices[at] as number);
  let state = start;
  return way.map((choice) => {
    const step = steps(state)[choice] as Step<State>;
    state = step.to;
    return step.name;
  });
}
