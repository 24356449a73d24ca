import { StoreUnavailable } from "../core/errors.ts";
import { MAX_TOKEN } from "../core/limits.ts";
import { isPromise } from "../core/maybe.ts";
import type { MaybePromise } from "../core/maybe.ts";
import { pause } from "../core/pause.ts";
import type { Clock, Log, Random } from "../core/ports.ts";
import { duration, earliest, instant } from "../core/time.ts";
import type { Instant } from "../core/time.ts";
import { refuse } from "../core/verdict.ts";
import type { Principal, RefusalReason, Verdict } from "../core/verdict.ts";
import { judge, prove } from "../carriers/token/judge.ts";
import type { JudgeParts } from "../carriers/token/judge.ts";
import { parseProof } from "../carriers/token/read.ts";
import type { Proof } from "../carriers/token/read.ts";
import { VerifiedToken, VerifiedTokens } from "../carriers/token/verified.ts";
import type { TokenKey } from "../carriers/token/verified.ts";
import { encode } from "../crypto/base64url.ts";
import { createLocate } from "../http/locate.ts";
import type { MachineClocks } from "../revocation/elapsed.ts";
import { HttpFeed } from "./feed.ts";
import { Introspection, LONGEST_TTL } from "./introspection.ts";
import { Issuer } from "./issuer.ts";
import type { Client } from "./issuer.ts";
import { RemoteKeys } from "./keys.ts";
import { RemoteLog } from "./log.ts";
import { News } from "./news.ts";
import { Remote } from "./remote.ts";
import type { Fetch } from "./remote.ts";

/** What to do when the lease has run out: ask the issuer about each token, or refuse to say anything (503). */
export type WhenStale = "introspect" | "refuse";

export interface VerifierParts {
  readonly issuer: string;
  readonly audience: string;
  readonly client: Client;
  readonly whenStale: WhenStale;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly clocks: MachineClocks;
  readonly random: Random;
  readonly log: Log;
}

/** What a verdict rests on. */
export interface VerdictFreshness {
  /** `memory`: the log, under a lease. `introspection`: the issuer was asked about this very token. */
  readonly by: "memory" | "introspection";
  /** Milliseconds since the question was sent: whatever had ended before that is refused. */
  readonly age: number;
}

export type CheckedToken =
  | {
      readonly ok: true;
      readonly principal: Principal;
      /** The latest that this verdict can hold without asking again. */
      readonly until: Instant;
      readonly freshness: VerdictFreshness;
    }
  | { readonly ok: false; readonly reason: RefusalReason };

export interface VerifierState {
  /** The position up to which the issuer's log has been applied. */
  readonly head: number;
  /** Milliseconds for which it may decide from memory; 0 if it may not. */
  readonly leaseLeft: number;
  /** When the question was sent that was last answered, in milliseconds since 1970; null if none was yet. */
  readonly lastHeard: Instant | null;
}

/** A name of 22 characters for this process, in this life of it. */
const NAME_BYTES = 16;
const READY_LOOK = duration("100ms");

/** Checks access tokens where there is no store: public keys, the change feed under a lease, and nothing that could make a token. */
export class Verifier {
  readonly #parts: VerifierParts;
  readonly #locate = createLocate("-");
  readonly #keys: RemoteKeys;
  readonly #log: RemoteLog;
  readonly #introspection: Introspection;
  readonly #judging: JudgeParts;
  #isClosed = false;

  constructor(parts: VerifierParts) {
    const { clock, clocks, random, log } = parts;
    this.#parts = parts;
    const issuer = new Issuer(parts.issuer, parts.client, new Remote(parts.fetch, clock));
    const name = encode(random.bytes(NAME_BYTES));
    this.#keys = new RemoteKeys(issuer, clock);
    const feed = new HttpFeed({ issuer, name, clock, log, news: new News({ issuer, clock, random }) });
    this.#log = new RemoteLog({ feed, name, clock, clocks, log, readKeys: () => this.#keys.read() });
    this.#introspection = new Introspection({ issuer, audience: parts.audience, clock, clocks, log: this.#log });
    const [keys, revocations] = [this.#keys, this.#log];
    this.#judging = { issuer: parts.issuer, maxAccessTtl: LONGEST_TTL, keys, revocations, verified: new VerifiedTokens() };
    this.#log.start();
  }

  /**
   * Whose request is this? Synchronous when memory can answer: await it only if it is a promise.
   * @throws {store_unavailable} when it can't be known: answer 503, never 401.
   */
  check({ authorization }: { readonly authorization?: string | null | undefined }): MaybePromise<CheckedToken> {
    const located = this.#locate({ authorization });
    if (located.carrier === null) return refuse("absent");
    const token = located.credential;
    if (token.length > MAX_TOKEN) return refuse("malformed");
    const { verified } = this.#judging;
    const key = verified.keyOf(token);
    const shown = verified.get(key) ?? parseProof(token);
    if (shown === null) return refuse("malformed");
    const judged = this.#judge(key, shown);
    const all = { token, key, shown };
    return isPromise(judged) ? this.#answerLater(judged, all) : this.#answer(judged, all);
  }

  /** Resolves when it may decide from memory for the first time. */
  async ready(): Promise<void> {
    while (this.#log.left() <= 0) {
      if (this.#isClosed) throw new StoreUnavailable(new Error("the verifier was closed"));
      await pause(this.#parts.clock, READY_LOOK);
    }
  }

  state(): VerifierState {
    const [left, age] = [this.#log.left(), this.#log.age()];
    const lastHeard = Number.isFinite(age) ? instant(Math.round(this.#parts.clock.now() - age)) : null;
    return { head: this.#log.head, leaseLeft: Math.max(0, left), lastHeard };
  }

  /** Stops asking. What is shown from then on can't be known before long. */
  close(): void {
    this.#isClosed = true;
    this.#log.close();
  }

  /** By memory as it is, however old. @returns null for a kid that is not known while memory is old: that says nothing. */
  #judge(key: TokenKey, shown: VerifiedToken | Proof): MaybePromise<Verdict | null> {
    const { clock, audience } = this.#parts;
    if (!(shown instanceof VerifiedToken) && this.#keys.find(shown.kid) === null) return this.#judgeUnknownKid(key, shown);
    const found = prove(this.#judging, key, shown, clock.now());
    return typeof found === "string" ? refuse(found) : judge(this.#judging, found, audience, clock.now());
  }

  #judgeUnknownKid(key: TokenKey, shown: Proof): MaybePromise<Verdict | null> {
    if (this.#log.left() <= 0) return null;
    return this.#keys.lookAgain().then(() => (this.#keys.find(shown.kid) === null ? refuse("forged") : this.#judge(key, shown)));
  }

  async #answerLater(judging: Promise<Verdict | null>, shown: Shown): Promise<CheckedToken> {
    return this.#answer(await judging.catch(nullIfUnknown), shown);
  }

  /**
   * The lease is looked at after the judgement. A refusal needs none: what has ended stays ended, and what is wrong with a token stays so, unless it was judged by a
   * clock that may be wrong.
   */
  #answer(verdict: Verdict | null, shown: Shown): MaybePromise<CheckedToken> {
    if (verdict !== null && !verdict.ok && !(this.#log.isApart && TIMED.has(verdict.reason))) return verdict;
    const left = this.#log.left();
    return verdict === null || !verdict.ok || left <= 0 ? this.#whenStale[this.#parts.whenStale](shown) : this.#accept(verdict, left);
  }

  #accept({ principal, until }: Verdict & { readonly ok: true }, left: number): CheckedToken {
    const freshness: VerdictFreshness = { by: "memory", age: this.#log.lease - left };
    return { ok: true, principal, until: earliest(until, instant(this.#parts.clock.now() + left)), freshness };
  }

  readonly #whenStale: Readonly<Record<WhenStale, (shown: Shown) => Promise<CheckedToken>>> = {
    introspect: async ({ token }) => {
      const { verdict, age } = await this.#introspection.judge(token);
      if (!verdict.ok) return verdict;
      return { ok: true, principal: verdict.principal, until: this.#parts.clock.now(), freshness: { by: "introspection", age } };
    },
    // One try to hear from the issuer, shared by all who come meanwhile.
    refuse: async ({ key, shown }) => {
      await this.#log.sync();
      const verdict = await this.#judge(key, shown);
      if (verdict !== null && !verdict.ok) return verdict;
      const left = this.#log.left();
      if (verdict === null || left <= 0) throw new StoreUnavailable(new Error("the lease has run out"));
      return this.#accept(verdict, left);
    },
  };
}

/** What a token may be refused for by a clock that is wrong: its time is over, or has not come. */
const TIMED: ReadonlySet<RefusalReason> = new Set<RefusalReason>(["expired", "malformed"]);

/** One token that was shown. */
interface Shown {
  readonly token: string;
  readonly key: TokenKey;
  readonly shown: VerifiedToken | Proof;
}

/** What can't be known from here may be known to the issuer. */
function nullIfUnknown(error: unknown): null {
  if (error instanceof StoreUnavailable) return null;
  throw error;
}
