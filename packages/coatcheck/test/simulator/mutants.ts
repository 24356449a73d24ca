/** The shipped code with one thing done as others do it, or as we first did: the simulator has to tell them apart. */
export interface Mutant {
  /** What is done wrongly. */
  readonly name: string;
  readonly patches: readonly Patch[];
}

interface Patch {
  /** Under src/. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const patch = (file: string, from: string, to: string): Patch => ({ file, from, to });

const FOLLOWER = "revocation/follower.ts";
const ELAPSED = "revocation/elapsed.ts";
const LEASE = "revocation/lease.ts";
const COPY = "revocation/log-copy.ts";
const TABLE = "revocation/table.ts";
const MARKS = "revocation/marks.ts";
const SIDS = "revocation/sids.ts";
const HOLDERS = "revocation/holders.ts";
/** The simulator's own store is right by construction; these are stores that are not. */
const STORE = "testing/simulator/store.ts";

const UNDOUBTED = patch(ELAPSED, "return Math.abs(one - other) > TOLERANCE + DRIFT * Math.abs(one);", "return one > other && one < other;");

export const MUTANTS: readonly Mutant[] = [
  {
    name: "news alone, no lease: what most people do",
    patches: [patch(FOLLOWER, "return this.#lease.left();", "return 1;")],
  },
  {
    name: "a heartbeat from the server renews the lease, without an echo",
    patches: [
      patch(
        FOLLOWER,
        "this.copy.overhear(range);",
        "this.copy.overhear(range); this.#lease.renew(this.#lease.begin(), 4_995 as Milliseconds, 0);",
      ),
    ],
  },
  {
    name: "a timer from whenever anything was heard",
    patches: [patch(FOLLOWER, "const taken =", "this.#lease.renew(this.#lease.begin(), answer.lease, 0); const taken =")],
  },
  {
    name: "the lease runs from when the answer came",
    patches: [patch(FOLLOWER, "this.#lease.renew(question.attempt,", "this.#lease.renew(this.#lease.begin(),")],
  },
  {
    name: "the wall clock alone",
    patches: [
      UNDOUBTED,
      patch(ELAPSED, "Math.max(monotonic, wall)", "wall"),
      patch(ELAPSED, "Math.max(byMonotonic, byWall, byBoot)", "byWall"),
    ],
  },
  {
    name: "the monotonic clock alone",
    patches: [
      UNDOUBTED,
      patch(ELAPSED, "Math.max(monotonic, wall)", "monotonic"),
      patch(ELAPSED, "Math.max(byMonotonic, byWall, byBoot)", "byMonotonic"),
    ],
  },
  { name: "the faster clock, and no doubt when they disagree", patches: [UNDOUBTED] },
  {
    name: "a doubt does not reach the question on its way",
    patches: [
      patch(LEASE, "if (attempt.doubts !== this.#elapsed.doubts) return false;", ""),
      patch(LEASE, "this.#doubts = attempt.doubts;", "this.#doubts = this.#elapsed.doubts;"),
    ],
  },
  {
    name: "a doubt does not end the lease",
    patches: [patch(LEASE, "if (this.#doubts !== this.#elapsed.doubts) return Number.NEGATIVE_INFINITY;", "")],
  },
  {
    name: "the lease is as long as the bound, whatever the clock's rate",
    patches: [patch(LEASE, "Math.floor((1 - CLOCK_RATE) * bound)", "bound")],
  },
  {
    name: "a standby that lags answers",
    patches: [
      patch(
        STORE,
        "const entries = this.#log.filter(({ entry }) =>",
        "const entries = this.#log.filter(({ at, entry }) => at < this.#timeline.now - 1_500 &&",
      ),
      patch(
        STORE,
        "const [last, asked] = [this.#heads.at(-1),",
        "const [last, asked] = [this.#heads.findLast(({ at }) => at < this.#timeline.now - 1_500),",
      ),
      patch(STORE, "head: this.head,", "head: last?.head ?? seq(0),"),
    ],
  },
  {
    name: "numbers are given before the commit",
    patches: [
      patch(
        STORE,
        "this.#log.filter(({ entry }) => entry.seq > from)",
        "this.#log.filter(({ at, entry }) => entry.seq > from && !(entry.seq % 3 === 0 && at > this.#timeline.now - 100))",
      ),
    ],
  },
  {
    name: "news are taken for everything up to their head",
    patches: [patch(COPY, "if (range.from === head && range.fromMark === mark) ", "if (range.head >= head) ")],
  },
  {
    name: "a position is known by its number alone",
    patches: [patch(COPY, "if (range.fromMark !== asked.mark) ", "if (range.head < asked.head) ")],
  },
  {
    name: "the head may go back unnoticed",
    patches: [patch(COPY, "if (range.fromMark !== asked.mark) ", "if (Number.isNaN(range.head)) ")],
  },
  {
    name: "another life of the store replaces what was known",
    patches: [
      patch(COPY, "readonly table = new RevocationTable();", "table = new RevocationTable();"),
      patch(
        COPY,
        "  #takeAll(range: LogRange, asked: LogPosition): Taken {",
        "  #takeAll(range: LogRange, asked: LogPosition): Taken {\n    this.table = new RevocationTable();",
      ),
    ],
  },
  { name: "the narrowest cutoff decides", patches: [patch(TABLE, 'this.#at("global", ""), this.#at("client", of.clientId), ', "")] },
  {
    name: "the last entry heard decides, not the latest",
    patches: [patch(MARKS, "known.seq = seq(Math.max(known.seq, to));", "known.seq = to;")],
  },
  {
    name: "a mark goes when it is old, not when it can hit nothing",
    patches: [patch(MARKS, "mark.expiresAt < now", "mark.expiresAt - 100_000 < now")],
  },
  { name: "a generation goes at the next look", patches: [patch(SIDS, "if (now <= this.#old.lastExpiry) return;", "")] },
  {
    name: "what was sent to a holder counts as applied",
    patches: [patch(HOLDERS, "Object.assign(known, { applied: from,", "Object.assign(known, { applied: (from + 1) as Seq,")],
  },
  {
    name: "whoever answers forgets whom it answered before it was restarted",
    patches: [patch(HOLDERS, "clocks.monotonic() + leaseSurelyOver(longestLease)", "clocks.monotonic()")],
  },
  { name: "a lease is over by the wall clock of whoever granted it", patches: [patch(HOLDERS, "clocks.monotonic()", "clocks.wall()")] },
];
