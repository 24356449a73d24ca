import type { Mistake } from "./mistakes.ts";
import type { Scope } from "./state.ts";

const calm = { failOver: 0, restore: 0, alarm: 0, restart: 0, sleep: 0, forget: 0 };
const small = { verifiers: 1, ends: 1, questions: 1, lease: 2, late: false, holders: "memory", mints: false, may: calm } as const;

/** Small enough for each run of the tests. */
export const SCOPES = {
  pair: { ...small, name: "two verifiers", verifiers: 2 },
  way: { ...small, name: "two questions at once, and clocks that stand still", questions: 2, may: { ...calm, sleep: 1 } },
  memory: { ...small, name: "verifiers and whoever answers start afresh", may: { ...calm, forget: 1, restart: 1 } },
  gap: { ...small, name: "two ends", ends: 2 },
  rows: { ...small, name: "holders as rows, which fail-overs lose", holders: "rows", may: { ...calm, forget: 1, failOver: 1 } },
  failOver: { ...small, name: "a fail-over that loses what was acknowledged", ends: 2, may: { ...calm, failOver: 1 } },
  restore: { ...small, name: "a store that is put back, and nobody says so", ends: 2, late: true, may: { ...calm, restore: 1, alarm: 1 } },
  cutoff: { ...small, name: "a cutoff, and a credential made before it", ends: 2, lease: 1, mints: true, may: { ...calm, failOver: 1 } },
} as const satisfies Record<string, Scope>;

/** The same, larger: for the soak. */
export const LARGE_SCOPES: readonly Scope[] = [
  { ...SCOPES.pair, name: "two verifiers, a longer lease, answers however late", lease: 3, late: true },
  { ...SCOPES.pair, name: "two verifiers, and whoever answers starts afresh", may: { ...calm, forget: 1 } },
  { ...SCOPES.pair, name: "two verifiers, holders as rows", holders: "rows" },
  { ...SCOPES.way, name: "the bad way with a longer lease and answers however late", lease: 3, late: true },
  { ...SCOPES.rows, name: "two ends, holders as rows", ends: 2 },
  { ...SCOPES.failOver, name: "two fail-overs and two questions at once", ends: 1, questions: 2, may: { ...calm, failOver: 2 } },
  {
    ...SCOPES.restore,
    name: "three ends, a restore and a fail-over",
    ends: 3,
    late: false,
    may: { ...calm, restore: 1, failOver: 1, alarm: 1 },
  },
  { ...SCOPES.cutoff, name: "the cutoff with a longer lease", lease: 2 },
];

/** Where each mistake leads somewhere. */
export const CAUGHT_IN: Readonly<Record<Mistake, Scope>> = {
  newsAlone: SCOPES.pair,
  fromReceipt: SCOPES.pair,
  doubtMissesQuestion: SCOPES.way,
  gapUnchecked: SCOPES.gap,
  byNumber: SCOPES.restore,
  epochStays: SCOPES.cutoff,
  byNumberAndEpochStays: SCOPES.failOver,
  replaces: SCOPES.failOver,
  standby: SCOPES.pair,
  recordedAfter: SCOPES.pair,
  oneSnapshot: SCOPES.rows,
  sentIsApplied: SCOPES.pair,
  appliedByNumber: SCOPES.restore,
  forgets: SCOPES.memory,
  rowsBelieved: SCOPES.rows,
};

/** What is not promised, and why it can't be: the search finds the way there, too. */
export const LIMITS: readonly Scope[] = [
  {
    ...SCOPES.cutoff,
    name: "two fail-overs, of which the second has not heard of the first's epoch, and a credential from between them",
    may: { ...calm, failOver: 2 },
  },
  { ...SCOPES.cutoff, name: "a store that is put back, and a credential from the part that it lost", may: { ...calm, restore: 1 } },
];
