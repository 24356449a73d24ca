/** What the model can do wrongly, one at a time: the search has to find where it leads. */
export const MISTAKES = {
  newsAlone: "no lease: whoever once had an answer goes on deciding",
  fromReceipt: "the lease runs from when the answer came",
  doubtMissesQuestion: "a doubt of the clocks does not reach the question on its way",
  gapUnchecked: "news are taken for everything up to their head",
  byNumber: "a position is known by its number alone",
  epochStays: "a fail-over does not raise the epoch",
  byNumberAndEpochStays: "a fail-over does not raise the epoch, and a position is known by its number alone",
  replaces: "another life of the store replaces what was known",
  standby: "a standby that lags answers",
  recordedAfter: "a holder is recorded after it was answered",
  oneSnapshot: "the log is read in a snapshot from before the holder's row is there for others to see",
  sentIsApplied: "what was sent to a holder counts as applied",
  appliedByNumber: "how far a holder has applied the log is known by the number alone",
  forgets: "whoever knows the holders forgets them and does not wait",
  rowsBelieved: "a store that lost its end is believed to know its holders",
} as const;

export type Mistake = keyof typeof MISTAKES;
