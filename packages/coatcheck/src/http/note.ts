/** What is learnt of a request on its way, for its line in the log, the metrics and its span. */
export interface Note {
  /** Names the request in every line about it. */
  readonly id: string;
  /** The route's path pattern; null until it is known, and for what is no route. */
  route: string | null;
  /** What the check of its credential came to; null if none was checked. */
  verdict: string | null;
  /** The code of the error that was answered. */
  error: string | null;
}
