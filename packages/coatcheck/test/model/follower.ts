import { after, has, markAt, pathTo, seqOf } from "./log.ts";
import type { Written } from "./log.ts";
import type { Mistake } from "./mistakes.ts";
import { newVerifier } from "./state.ts";
import type { Question, Scope, State, Verifier } from "./state.ts";

// What a verifier does: `revocation/follower.ts` and `revocation/log-copy.ts` once more, in a few lines, with every mistake that could be made there. One thing is left out: it takes
// answers that are late, too. So no promise rests on their being dropped.

export interface Taken {
  readonly verifier: Verifier;
  /** It is sure that the store lost something. */
  readonly rolledBack: boolean;
}

export function ask(verifier: Verifier): Verifier {
  const { position, whole, questions } = verifier;
  const question: Question = { position, all: !whole || position === 0, age: 0, doubted: false, stage: "sent", tip: 0 };
  return { ...verifier, questions: [...questions, question] };
}

export function hear(verifier: Verifier, question: Question, log: Written, scope: Scope, mistake: Mistake | null): Taken {
  const taken = take(verifier, question, log, mistake);
  if (taken === null) return startOver({ ...verifier, position: 0 }, scope, isSurelyLost(question, log));
  if (question.all && isBehind(question, log)) return startOver(taken, scope, true);
  if (question.doubted) return { verifier: taken, rolledBack: false };
  const whole = taken.whole || question.all;
  if (!whole) return { verifier: taken, rolledBack: false };
  const age = mistake === "fromReceipt" ? 0 : question.age;
  return { verifier: { ...taken, whole, lease: Math.min(taken.lease, age) }, rolledBack: false };
}

/** The copy after an answer; null if the log has no such position to go on from. */
function take(verifier: Verifier, { all, position, tip }: Question, log: Written, mistake: Mistake | null): Verifier | null {
  if (all && mistake === "replaces")
    return { ...verifier, table: pathTo(log, tip), applied: verifier.applied | pathTo(log, tip), position: tip };
  if (all) return { ...apply(verifier, pathTo(log, tip)), position: tip };
  const from = seqOf(log, position);
  const known =
    mistake === "byNumber" || mistake === "byNumberAndEpochStays" ? seqOf(log, tip) >= from : markAt(log, tip, from) === position;
  if (!known) return null;
  const taken = apply(verifier, after(log, tip, from));
  return seqOf(log, tip) >= seqOf(log, verifier.position) ? { ...taken, position: tip } : taken;
}

/** News of one entry, and of nothing else. */
export function overhear(verifier: Verifier, entry: number, log: Written, mistake: Mistake | null): Verifier {
  const from = seqOf(log, entry) - 1;
  const taken = apply(verifier, after(log, entry, from));
  const goesOn = markAt(log, entry, from) === verifier.position && seqOf(log, verifier.position) === from;
  const believed = mistake === "gapUnchecked" && seqOf(log, entry) >= seqOf(log, verifier.position);
  return goesOn || believed ? { ...taken, position: entry } : taken;
}

/** A tick in which its clocks stand still. They disagree before it does anything else, and nothing of before holds. */
export function sleep(verifier: Verifier, scope: Scope, mistake: Mistake | null): Verifier {
  const doubted = mistake !== "doubtMissesQuestion";
  const questions = verifier.questions.map((it) => ({ ...it, doubted: it.doubted || doubted }));
  return { ...verifier, whole: false, lease: scope.lease, questions };
}

/** Its memory is gone; what it said of itself elsewhere stays. */
export function restart({ holder }: Verifier, scope: Scope): Verifier {
  return { ...newVerifier(scope.lease), holder };
}

function startOver(verifier: Verifier, scope: Scope, rolledBack: boolean): Taken {
  return { verifier: { ...verifier, whole: false, lease: scope.lease }, rolledBack };
}

function isSurelyLost(question: Question, log: Written): boolean {
  return isBehind(question, log) || markAt(log, question.tip, seqOf(log, question.position)) !== null;
}

function isBehind({ position, tip }: Question, log: Written): boolean {
  return seqOf(log, tip) < seqOf(log, position);
}

function apply(verifier: Verifier, entries: number): Verifier {
  return { ...verifier, table: verifier.table | entries, applied: verifier.applied | entries };
}

/** Whether it still knows what the store has lost. */
export function remembersLost({ log, tip }: State, { table }: Verifier): boolean {
  return log.some((_, index) => has(table, index + 1) && !has(pathTo(log, tip), index + 1));
}
