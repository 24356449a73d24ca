import { entryAt } from "./log.ts";
import type { Written } from "./log.ts";

/** How large the world of one search is. Everything that can happen in it is tried, in each order. */
export interface Scope {
  readonly name: string;
  readonly verifiers: number;
  /** How many things end. Each entry ends a thing of its own. */
  readonly ends: number;
  /** How many questions of one verifier can be under way at once, doubles included. */
  readonly questions: number;
  /** Whether an answer may come when a lease from it would be over: it still says where the log is. */
  readonly late: boolean;
  /** How long a lease is, in ticks. It is also the bound: clocks in here run alike, or are known not to. */
  readonly lease: number;
  /** Where the holders of leases are kept: in the memory of the one process that answers, or as rows beside the log. */
  readonly holders: "memory" | "rows";
  /** How often each of these may happen. */
  readonly may: Readonly<Record<Mishap, number>>;
  /** Whether a credential is made, which every later end hits, as a cutoff does: by its number. */
  readonly mints: boolean;
}

/**
 * - `failOver`: a standby takes over that may lack the end of the log; it raises the epoch first.
 * - `restore`: the same, but nobody says so and the epoch stays.
 * - `alarm`: a verifier found the store rolled back, and the epoch is raised.
 * - `restart`: a verifier starts afresh.
 * - `sleep`: a verifier's clocks stand still for a tick, and disagree afterwards.
 * - `forget`: whoever knows the holders starts afresh.
 */
export const MISHAPS = ["failOver", "restore", "alarm", "restart", "sleep", "forget"] as const;
export type Mishap = (typeof MISHAPS)[number];

/** All ages are in ticks and end at the length of a lease: what is older makes no difference. */
export interface State {
  readonly log: Written;
  /** The last entry that the store has now. */
  readonly tip: number;
  /** Since each entry was acknowledged. */
  readonly ages: readonly number[];
  /** The set of ends of which it was said that nobody accepts any more what they ended. */
  readonly waited: number;
  /** Since whoever waits knows whom this store has answered; {@link UNSEEN} until it looks. */
  readonly since: number;
  readonly verifiers: readonly Verifier[];
  readonly minted: Minted | null;
  /** What may still happen, in the order of {@link MISHAPS}. */
  readonly may: readonly number[];
}

export interface Minted {
  readonly rsq: number;
  /** How many entries had been written by then. */
  readonly written: number;
}

export interface Verifier {
  /** Where its copy of the log ends. */
  readonly position: number;
  /** The set of entries in its table. */
  readonly table: number;
  /** The set of entries that it ever applied, which only we know: the same, if it forgets nothing. */
  readonly applied: number;
  /** Whether it has read the whole log since the last doubt. */
  readonly whole: boolean;
  /** Since the question was sent that it has its lease from. */
  readonly lease: number;
  readonly questions: readonly Question[];
  readonly holder: Holder;
}

/** What whoever waits knows of a verifier. */
export interface Holder {
  /** The number up to which it has said to have applied the log. */
  readonly applied: number;
  /** Since it was recorded, or since its row was seen to have changed. */
  readonly age: number;
}

/**
 * - `sent`: on its way, or arrived and not looked at.
 * - `between`: the first of two steps is done. As it should be, the holder is recorded and the log not yet read.
 * - `answered`: the answer is on its way.
 */
const STAGES = ["sent", "between", "answered"] as const;

export interface Question {
  /** Where the copy ended when it was sent. */
  readonly position: number;
  /** Whether it asks for everything, instead of what comes after that position. */
  readonly all: boolean;
  readonly age: number;
  /** Whether the verifier's clocks were doubted since. */
  readonly doubted: boolean;
  readonly stage: (typeof STAGES)[number];
  /** The last entry of the log as it was read; 0 before that. */
  readonly tip: number;
}

/** The row has changed, and nobody has looked yet. */
export const UNSEEN = -1;

export function startOf(scope: Scope): State {
  return {
    log: [],
    tip: 0,
    ages: [],
    waited: 0,
    since: scope.holders === "rows" ? UNSEEN : 0,
    verifiers: Array.from({ length: scope.verifiers }, () => newVerifier(scope.lease)),
    minted: null,
    may: MISHAPS.map((mishap) => scope.may[mishap]),
  };
}

export function newVerifier(lease: number): Verifier {
  return { position: 0, table: 0, applied: 0, whole: false, lease, questions: [], holder: nobody(lease) };
}

/** A holder whose lease has run out is none. */
export function nobody(lease: number): Holder {
  return { applied: 0, age: lease };
}

/** Verifiers have no names: a state and the one with two of them exchanged are one. */
export function encode(state: State): string {
  const codes = [state.log.length, state.tip, state.waited, state.since + 1];
  for (const { before, isEpoch } of state.log) codes.push(before * 2 + Number(isEpoch));
  codes.push(...state.ages, ...state.may);
  codes.push(state.minted === null ? 0 : state.minted.rsq + 1, state.minted?.written ?? 0);
  const [first = "", second = ""] = state.verifiers.map(encodeVerifier);
  return String.fromCharCode(...codes) + (first < second ? first + second : second + first);
}

function encodeVerifier({ position, table, applied, whole, lease, questions, holder }: Verifier): string {
  const codes = [position, table, applied, Number(whole), lease, holder.applied, holder.age + 1, questions.length];
  const under = questions.map((it) => String.fromCharCode(...encodeQuestion(it)));
  return String.fromCharCode(...codes) + under.sort().join("");
}

function encodeQuestion({ position, all, age, doubted, stage, tip }: Question): number[] {
  return [position, age, tip, STAGES.indexOf(stage) * 4 + Number(all) * 2 + Number(doubted)];
}

/** Whether it decides from memory. */
export function decides(verifier: Verifier, scope: Scope): boolean {
  return verifier.lease < scope.lease;
}

/** The entries of the store's log that end something. */
export function endsNow({ log, tip }: State): number[] {
  const ends: number[] = [];
  for (let entry = tip; entry > 0;) {
    const it = entryAt(log, entry);
    if (it?.isEpoch === false) ends.push(entry);
    entry = it?.before ?? 0;
  }
  return ends;
}
