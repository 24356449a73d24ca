import type { Answer } from "./request.ts";

export type Carrier = "cookie" | "token";

/** Somebody with one login by cookie and, if that came about, another by token. */
export class Person {
  readonly userId: string;
  readonly cookie: string;
  /** The sessions that were acknowledged to them. */
  readonly sids: Partial<Record<Carrier, string>>;
  accessToken: string | null = null;
  refreshToken: string | null = null;
  /** Names an attempt to refresh, on every retry of it. */
  attempt = newAttempt();
  isRefreshing = false;
  /** How often their refresh token was replaced. */
  generation = 0;
  /** The oldest generation of it that was shown somewhere and got no answer: a process that stands still may yet read it. */
  unanswered = Number.POSITIVE_INFINITY;
  /** Nobody looks on any more. */
  isOver = false;
  /** When its end was asked for first; later than everything until then. */
  endingAt = Number.POSITIVE_INFINITY;
  /** When its end was acknowledged. */
  endedAt: number | null = null;
  /** Processes that have said from memory that it has ended, and when they first did. */
  readonly knownAt = new Map<string, number>();

  /** Their end was lost, and they have made their tokens new since: no process has heard of an end of those. */
  hasComeBack = false;

  constructor({ json, cookie }: Answer) {
    this.userId = (json["user"] as { id: string }).id;
    this.cookie = cookie ?? "";
    this.sids = { cookie: sidOf(json) };
  }

  logIn(json: Answer["json"]): void {
    this.sids.token = sidOf(json);
    this.#take(json);
  }

  refreshed(json: Answer["json"]): void {
    this.generation += 1;
    this.#take(json);
  }

  /** The header that shows who they are; null if they have none of this kind. */
  shownBy(carrier: Carrier): Readonly<Record<string, string>> | null {
    if (carrier === "cookie") return { cookie: this.cookie };
    return this.accessToken === null ? null : { authorization: `Bearer ${this.accessToken}` };
  }

  /**
   * Whether a request of theirs from two generations ago may have been read only now: a copy that is shown again, as far as anybody can tell. Clients that
   * refresh every few minutes are never that far ahead of a request of their own.
   */
  get isOvertaken(): boolean {
    return this.unanswered <= this.generation - 2;
  }

  #take(tokens: Answer["json"]): void {
    this.accessToken = tokens["access_token"] as string;
    this.refreshToken = tokens["refresh_token"] as string;
    this.attempt = newAttempt();
  }
}

function sidOf(json: Answer["json"]): string {
  return (json["session"] as { sid: string }).sid;
}

function newAttempt(): string {
  return crypto.randomUUID().replaceAll("-", "");
}
