import { ConfigError, StoreUnavailable } from "../core/errors.ts";
import { createGuard } from "../core/guard.ts";
import type { Guarded } from "../core/guard.ts";
import { MAX_TOKEN } from "../core/limits.ts";
import { chain, isPromise } from "../core/maybe.ts";
import type { MaybePromise } from "../core/maybe.ts";
import type { Needs } from "../core/needs.ts";
import { pause } from "../core/pause.ts";
import type { Clock, Log, Random } from "../core/ports.ts";
import { duration, earliest, instant } from "../core/time.ts";
import type { Instant } from "../core/time.ts";
import { refuse } from "../core/verdict.ts";
import type { Principal, RefusalReason, Verdict } from "../core/verdict.ts";
import { judge } from "../carriers/token/judge.ts";
import type { JudgeParts } from "../carriers/token/judge.ts";
import { readProof } from "../carriers/token/read.ts";
import type { Proof } from "../carriers/token/read.ts";
import { VerifiedTokens } from "../carriers/token/verified.ts";
import type { TokenKey, VerifiedToken } from "../carriers/token/verified.ts";
import { encode } from "../crypto/base64url.ts";
import { bearerToken } from "../http/bearer.ts";
import type { MachineClocks } from "../revocation/elapsed.ts";
import { HttpFeed } from "./feed.ts";
import { Introspection, LONGEST_TTL } from "./introspection.ts";
import { Issuer } from "./issuer.ts";
import type { Client } from "./issuer.ts";
import { RemoteKeys } from "./keys.ts";
import { RemoteLog } from "./log.ts";
import { News } from "./news.ts";
import { Proving } from "./proving.ts";
import { Remote } from "./remote.ts";
import type { Fetch } from "./remote.ts";

/** What to do when the lease has run out: ask the issuer about each token, or refuse to say anything (503). */
export type WhenStale = "introspect" | "refuse";

/** What to go by: memory within the bound, or what the issuer says when it is asked now. */
export type Freshness = "bound" | "now";

export interface CheckOptions {
  /** `now` asks the issuer about this very token, whatever memory says: for what can't be undone. Default: `bound`. */
  readonly freshness?: Freshness;
  /** Whom the token must be for, here. Default: the verifier's audience. */
  readonly audience?: string;
}

/** What a route asks: who may come, and how the token is checked. */
export interface RouteNeeds extends Needs, CheckOptions {}

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

/** How many tokens it remembers at least, each with its whole text: some 600 characters as a rule, and 8192 at most. */
const CAPACITY = 10_000;

/** Checks access tokens where there is no store: public keys, the change feed under a lease, and nothing that could make a token. */
export class Verifier {
  readonly #parts: VerifierParts;
  readonly #keys: RemoteKeys;
  readonly #log: RemoteLog;
  readonly #introspection: Introspection;
  readonly #judging: JudgeParts;
  readonly #proving: Proving;
  #isClosed = false;

  constructor(parts: VerifierParts) {
    const { clock, clocks, random, log } = parts;
    this.#parts = parts;
    const issuer = new Issuer(parts.issuer, parts.client, new Remote(parts.fetch, clock));
    const name = encode(random.bytes(NAME_BYTES));
    this.#keys = new RemoteKeys(issuer, clock, log);
    const feed = new HttpFeed({ issuer, name, clock, log, news: new News({ issuer, clock, random }) });
    this.#log = new RemoteLog({ feed, name, clock, clocks, log, readKeys: () => this.#keys.read() });
    this.#introspection = new Introspection({ issuer, clock, clocks, log: this.#log });
    // By their text: no runtime but Node has a hash that answers at once.
    const verified = new VerifiedTokens((token) => token, CAPACITY);
    this.#judging = { issuer: parts.issuer, maxAccessTtl: LONGEST_TTL, revocations: this.#log, verified };
    this.#proving = new Proving(this.#judging, this.#keys);
    this.#log.start();
  }

  /**
   * Whose request is this? Synchronous when memory can answer: await it only if it is a promise, as it is when a token comes for the first time.
   * @throws {store_unavailable} when it can't be known: answer 503, never 401.
   */
  check({ authorization }: ShownHeaders, options: CheckOptions = {}): MaybePromise<CheckedToken> {
    const token = typeof authorization === "string" ? bearerToken(authorization) : null;
    if (token === null) return refuse("absent");
    if (token.length > MAX_TOKEN) return refuse("malformed");
    const { verified } = this.#judging;
    const key = verified.keyOf(token);
    const proof = verified.get(key) ?? readProof(token);
    if (proof === null) return refuse("malformed");
    const { audience = this.#parts.audience, freshness = "bound" } = options;
    requireOptions({ freshness, audience });
    const shown: Shown = { token, key, proof, audience, freshness };
    const judged = this.#judge(shown);
    return isPromise(judged) ? this.#answerLater(judged, shown) : this.#answer(judged, shown);
  }

  /**
   * A guard for a route: made once, at start. It answers with the verdict of whoever may come, or with a refusal that is ready to be sent.
   * @throws ConfigError for needs that can't be meant. The guard throws as {@link check} does.
   */
  guard<const N extends RouteNeeds>(needs: N): (headers: ShownHeaders) => MaybePromise<Guarded<N, CheckedToken>> {
    const { freshness = "bound", audience = this.#parts.audience, ...asked }: RouteNeeds = needs;
    requireOptions({ freshness, audience });
    const guard = createGuard(asked);
    return (headers) =>
      chain(this.check(headers, { freshness, audience }), (checked) => {
        const shown = !checked.ok && checked.reason === "absent" ? "nothing" : "token";
        return guard(checked, shown, this.#parts.clock.now()) ?? (checked as Guarded<N, CheckedToken>);
      });
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

  /** By memory as it is, however old. @returns null if its signature can't be proved here: that says nothing. */
  #judge({ key, proof, audience }: Shown): MaybePromise<Verdict | null> {
    const { clock } = this.#parts;
    // A kid that is not known while memory is old may be newer than that.
    return chain(this.#proving.prove(key, proof, this.#log.left() > 0), (proved) => {
      if (proved === null) return null;
      return typeof proved === "string" ? refuse(proved) : judge(this.#judging, proved, audience, clock.now());
    });
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
    if (shown.freshness === "now") return this.#ask(shown, true);
    const left = this.#log.left();
    return verdict === null || !verdict.ok || left <= 0 ? this.#whenStale[this.#parts.whenStale](shown) : this.#accept(verdict, left);
  }

  #accept({ principal, until }: Verdict & { readonly ok: true }, left: number): CheckedToken {
    const freshness: VerdictFreshness = { by: "memory", age: this.#log.lease - left };
    return { ok: true, principal, until: earliest(until, instant(this.#parts.clock.now() + left)), freshness };
  }

  /** What the issuer says of this very token. @param anew by a question that is sent from now on. */
  async #ask({ token, audience }: Shown, anew: boolean): Promise<CheckedToken> {
    const { verdict, age } = await this.#introspection.judge(token, audience, anew);
    if (!verdict.ok) return verdict;
    return { ok: true, principal: verdict.principal, until: this.#parts.clock.now(), freshness: { by: "introspection", age } };
  }

  readonly #whenStale: Readonly<Record<WhenStale, (shown: Shown) => Promise<CheckedToken>>> = {
    introspect: (shown) => this.#ask(shown, false),
    // One try to hear from the issuer, shared by all who come meanwhile.
    refuse: async (shown) => {
      await this.#log.sync();
      const verdict = await this.#judge({ ...shown, proof: this.#judging.verified.get(shown.key) ?? shown.proof });
      if (verdict !== null && !verdict.ok) return verdict;
      const left = this.#log.left();
      if (left <= 0) throw new StoreUnavailable(new Error("the lease has run out"));
      if (verdict === null) throw new StoreUnavailable(new Error("this runtime can't prove its signature"));
      return this.#accept(verdict, left);
    },
  };
}

/** What a token may be refused for by a clock that is wrong: its time is over, or has not come. */
const TIMED: ReadonlySet<RefusalReason> = new Set<RefusalReason>(["expired", "malformed"]);

/** What is misspelt here would be less than was asked for. */
function requireOptions({ freshness, audience }: Required<CheckOptions>): void {
  if (freshness !== "bound" && freshness !== "now") throw new ConfigError('freshness: "bound" or "now"');
  if (typeof audience !== "string" || audience === "") throw new ConfigError("audience: whom the token must be for, as text");
}

/** The header as it came. */
export interface ShownHeaders {
  readonly authorization?: string | null | undefined;
}

/** One token that was shown, and what is asked of it. */
interface Shown {
  readonly token: string;
  readonly key: TokenKey;
  readonly proof: VerifiedToken | Proof;
  readonly audience: string;
  readonly freshness: Freshness;
}

/** What can't be known from here may be known to the issuer. */
function nullIfUnknown(error: unknown): null {
  if (error instanceof StoreUnavailable) return null;
  throw error;
}
