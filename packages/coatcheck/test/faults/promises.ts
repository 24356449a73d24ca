import type { Carrier, Person } from "./person.ts";
import type { Answer } from "./request.ts";

/** Where something is shown. */
export interface Surface {
  readonly url: string;
  readonly carrier: Carrier;
}

/** What a fail-over lost that had been acknowledged, as the data of both lives of the database say. */
export interface Losses {
  /** Sessions that are not there any more. */
  readonly sessions: ReadonlySet<string>;
  /** Sessions whose newest refresh token is not known there. */
  readonly refreshes: ReadonlySet<string>;
  /** Whose end is not in the log: users, and sessions. */
  readonly ends: ReadonlySet<string>;
}

const NOTHING: Losses = { sessions: new Set(), refreshes: new Set(), ends: new Set() };

export interface Judged {
  /** What broke a promise. */
  readonly faults: readonly string[];
  /** What is no fault because the fail-over had lost what it took: how often each. */
  readonly excused: Readonly<Record<string, number>>;
}

interface Event {
  readonly person: Person;
  readonly what: string;
  /** What has to be lost, or have happened otherwise, for this to be no fault; null if nothing excuses it. */
  readonly excuse: (losses: Losses) => string | null;
}

/** What was promised, and what seems to break it. It is judged at the end: what a fail-over has lost is known only after it. */
export class Promises {
  readonly #bound: number;
  readonly #events = new Map<string, Event>();
  #losses = NOTHING;
  #worst = 0;

  constructor(bound: number) {
    this.#bound = bound;
  }

  /** The longest that anything was accepted after its end had been acknowledged, in milliseconds, by when it was asked. */
  get worst(): number {
    return this.#worst;
  }

  lost(losses: Losses): void {
    this.#losses = losses;
  }

  accepted(person: Person, { url, carrier }: Surface, { sentAt }: Answer): void {
    if (person.endedAt === null || sentAt <= person.endedAt) return;
    const after = sentAt - person.endedAt;
    // Whoever has once said that it has ended never lets it in again, whatever the store has lost.
    const knew = !(carrier === "token" && person.hasComeBack) && sentAt > (person.knownAt.get(originOf(url)) ?? Number.POSITIVE_INFINITY);
    if (after <= this.#bound && !knew) {
      this.#worst = Math.max(this.#worst, after);
      return;
    }
    const what = `${url} accepted (${carrier}) what had ended ${after.toFixed(0)} ms before it was asked${knew ? ", and knew of it" : ""}`;
    const excuse = ({ ends }: Losses): string | null => (!knew && owns(person, ends) ? "accepted after an end that was lost" : null);
    this.#note(`accepted ${person.userId} ${url} ${carrier}`, { person, what, excuse });
  }

  /** Nobody logged out, as far as anybody was told: a 401 for whoever is logged in, and not because a token's claims have to be made new. */
  denied(person: Person, { url, carrier }: Surface, json: Answer["json"]): void {
    const what = `${url} said 401 (${carrier}) to who is logged in: ${JSON.stringify(json)}`;
    const excuse = ({ sessions }: Losses): string | null => {
      if (sessions.has(person.sids[carrier] ?? "")) return "refused to who had a login that was lost";
      return carrier === "token" && person.isOvertaken ? "refused after a refresh that had been overtaken" : null;
    };
    this.#note(`denied ${person.userId} ${url} ${carrier}`, { person, what, excuse });
  }

  refreshRefused(person: Person, json: Answer["json"]): void {
    const excuse = ({ sessions, refreshes }: Losses): string | null => {
      const sid = person.sids.token ?? "";
      if (sessions.has(sid) || refreshes.has(sid)) return "a refresh refused to who had one that was lost";
      return person.isOvertaken ? "a refresh refused after one that had been overtaken" : null;
    };
    this.#note(`refresh ${person.userId}`, { person, what: `a refresh logged somebody out: ${JSON.stringify(json)}`, excuse });
  }

  twoSuccessors(person: Person): void {
    this.#note(`successors ${person.userId}`, { person, what: "one refresh token has two successors", excuse: () => null });
  }

  notKnown(person: Person, { url, carrier }: Surface, status: number): void {
    const what = `${url} does not know a login (${carrier}) that was acknowledged: ${status}`;
    const excuse = ({ sessions }: Losses): string | null =>
      sessions.has(person.sids[carrier] ?? "") ? "not known any more: a login that was lost" : null;
    this.#note(`unknown ${person.userId} ${url} ${carrier}`, { person, what, excuse });
  }

  /** Neither let in, nor refused, nor told that it can't be known. */
  astray(person: Person, { url }: Surface, status: number): void {
    this.#note(`astray ${url} ${status}`, { person, what: `${url} answered ${status}`, excuse: () => null });
  }

  judge(): Judged {
    const faults: string[] = [];
    const excused: Record<string, number> = {};
    for (const { what, excuse } of this.#events.values()) {
      const why = excuse(this.#losses);
      if (why === null) faults.push(what);
      else excused[why] = (excused[why] ?? 0) + 1;
    }
    return { faults, excused };
  }

  /** What goes on being wrong is said once. */
  #note(name: string, event: Event): void {
    if (!this.#events.has(name)) this.#events.set(name, event);
  }
}

function owns({ userId, sids }: Person, ends: Losses["ends"]): boolean {
  return ends.has(userId) || Object.values(sids).some((sid) => ends.has(sid));
}

/** The process behind an address. */
export function originOf(url: string): string {
  return new URL(url).origin;
}
