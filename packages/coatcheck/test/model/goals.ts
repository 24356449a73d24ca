import { pathTo, seqOf } from "./log.ts";
import { acceptsEnded } from "./promises.ts";
import { remembersLost } from "./follower.ts";
import type { Machine } from "./search.ts";
import { decides, endsNow, MISHAPS } from "./state.ts";
import type { Mishap, Scope, State } from "./state.ts";

type Goals = Machine<State>["goals"];

/** What must come about somewhere in this world: a model in which nothing happens keeps every promise. */
export function goalsOf(scope: Scope): Goals {
  const { may } = scope;
  return {
    ...goalsOfLease(scope),
    ...goalsOfWait(scope),
    ...(may.failOver > 0 ? goalsOfFailOver : {}),
    ...(may.failOver + may.restore > 0 ? goalsOfLoss(scope) : {}),
    ...(may.restore > 0 && may.alarm > 0 ? goalsOfRestore : {}),
  };
}

function goalsOfLease(scope: Scope): Goals {
  const leased = (state: State): number => state.verifiers.filter((it) => decides(it, scope)).length;
  return {
    "all have a lease": (_, { to }) => leased(to) === scope.verifiers,
    "a lease runs out": (before, { to, name }) => name === "a tick passes" && leased(to) < leased(before),
    "a lease is renewed": (before, { to }) =>
      scope.lease === 1 || before.verifiers.some((it, name) => decides(it, scope) && (to.verifiers[name]?.lease ?? scope.lease) < it.lease),
    "what has ended is accepted in the last tick before the bound": (_, { to }) =>
      anyDecision(to, scope, (ended, accepted) => accepted && to.ages[ended - 1] === scope.lease - 1),
    "what has ended is refused from memory": (_, { to }) => anyDecision(to, scope, (__, accepted) => !accepted),
  };
}

function goalsOfWait(scope: Scope): Goals {
  const ends = (before: State, to: State): boolean => to.waited > before.waited;
  return {
    "a wait ends while all have a lease": (before, { to }) => ends(before, to) && to.verifiers.every((it) => decides(it, scope)),
    "a wait ends because a lease ran out": (before, { to }) =>
      ends(before, to) && to.verifiers.some(({ position, holder }) => position > 0 && holder.age >= scope.lease),
  };
}

function goalsOfLoss(scope: Scope): Goals {
  return {
    "what the store has lost is still refused": (_, { to }) => to.verifiers.some((it) => decides(it, scope) && remembersLost(to, it)),
  };
}

const goalsOfFailOver: Goals = {
  "a fail-over loses nothing": (before, { to }) => has(before, to, "failOver") && to.log.at(-1)?.before === before.tip,
  "a fail-over loses what was acknowledged": (before, { to }) =>
    has(before, to, "failOver") && (pathTo(before.log, before.tip) & ~pathTo(to.log, to.tip)) !== 0,
};

const goalsOfRestore: Goals = {
  "a store that was put back and has written as much again is found out": (before, { to }) =>
    has(before, to, "alarm") && new Set(to.log.map(({ seq }) => seq)).size < to.log.length && seqOf(before.log, before.tip) > 0,
};

function has(before: State, to: State, mishap: Mishap): boolean {
  const which = MISHAPS.indexOf(mishap);
  return before.may[which] !== to.may[which];
}

/** Whether somebody who decides from memory judges so about what an entry of the store's log ended. */
function anyDecision(state: State, scope: Scope, judges: (ended: number, accepted: boolean) => boolean): boolean {
  return endsNow(state).some((ended) =>
    state.verifiers.some((it) => decides(it, scope) && judges(ended, acceptsEnded(state, it, ended, scope))),
  );
}
