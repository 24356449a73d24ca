import { Person } from "./person.ts";
import { originOf, Promises } from "./promises.ts";
import type { Judged, Losses, Surface } from "./promises.ts";
import { NONE, pause, request } from "./request.ts";
import type { Answer } from "./request.ts";

// People who log in, are checked everywhere all the time, refresh, end their logins, and go on trying; and what was promised to them.

export interface Places {
  readonly issuer: string;
  /** Where people log in, are checked and end. */
  readonly nodes: readonly string[];
  /** Addresses that answer 200 to whoever shows an access token that holds. */
  readonly verifiers: readonly string[];
}

export interface Habits {
  /** The longest that anything may be accepted after its end was acknowledged, in milliseconds. */
  readonly bound: number;
  /** How long a login lives. */
  readonly life: () => number;
  /** How often whoever is logged in shows it at each place, and whoever has just ended it. */
  readonly every: { readonly alive: number; readonly ended: number };
  /** How likely they refresh, at each tenth of a second of their life. */
  readonly refreshes: number;
}

export interface Summary extends Judged {
  readonly logins: number;
  readonly ends: number;
  readonly accepted: number;
  readonly refused: number;
  /** Checks that were answered 503, and that were not answered. */
  readonly unknown: number;
  readonly unanswered: number;
  readonly refreshes: number;
  /** Checks of those who had ended long before. */
  readonly revenants: number;
  /** The longest that anything was accepted after its end had been acknowledged, in milliseconds, by when it was asked. */
  readonly worst: number;
}

/** What becomes of a check. */
const OUTCOMES: Readonly<Record<number, "accepted" | "refused" | "unknown" | "unanswered">> = {
  200: "accepted",
  401: "refused",
  503: "unknown",
  [NONE]: "unanswered",
};
/** How often somebody who ended long ago shows what they have, somewhere. */
const REVENANT_EVERY = 25;
/** How many of them show it everywhere when all is over. */
const AUDITED = 100;
/** How long it may take, after all has been mended, until everybody can know again. */
const MENDED_WITHIN = 15_000;

/** Runs until it is told to stop, then sees that nothing acknowledged was lost. */
export class Traffic {
  readonly #places: Places;
  readonly #habits: Habits;
  readonly #surfaces: readonly Surface[];
  readonly #promises: Promises;
  readonly #going: Promise<void>[] = [];
  readonly #counts = { logins: 0, ends: 0, accepted: 0, refused: 0, unknown: 0, unanswered: 0, refreshes: 0, revenants: 0 };
  /** Whose end was acknowledged. */
  readonly #gone: Person[] = [];
  #isOver = false;
  #names = 0;

  constructor(places: Places, habits: Habits) {
    this.#places = places;
    this.#habits = habits;
    this.#surfaces = surfacesOf(places);
    this.#promises = new Promises(habits.bound);
  }

  start(people: number): void {
    for (let nth = 0; nth < people; nth += 1) this.#going.push(this.#live());
    this.#going.push(this.#haunt());
  }

  /** To be called when all has been mended. */
  async stop(): Promise<Summary> {
    this.#isOver = true;
    await Promise.all(this.#going);
    const last = this.#gone.slice(-AUDITED);
    await Promise.all(this.#surfaces.map((surface) => this.#audit(last, surface)));
    return this.soFar();
  }

  soFar(): Summary {
    return { ...this.#counts, worst: this.#promises.worst, ...this.#promises.judge() };
  }

  /** A process was ended, and none is there yet in its place: what it knew, its successor need not know. */
  forget(origin: string): void {
    for (const person of this.#gone) person.knownAt.delete(origin);
  }

  /** A fail-over has lost this. Whose end was lost comes back, with whatever they can have made new. */
  async lost(losses: Losses): Promise<void> {
    this.#promises.lost(losses);
    const back = this.#gone.filter(({ userId }) => losses.ends.has(userId));
    for (const person of back) {
      person.hasComeBack = true;
      await this.#refresh(person);
    }
  }

  /** The processes that have said of one of these people that they have ended. */
  knowing(ends: Losses["ends"]): ReadonlySet<string> {
    return new Set(this.#gone.filter(({ userId }) => ends.has(userId)).flatMap(({ knownAt }) => [...knownAt.keys()]));
  }

  /** One life after the other, until all is over. The last one's login has to be alive then, everywhere. */
  async #live(): Promise<void> {
    const { bound, life, refreshes } = this.#habits;
    while (!this.#isOver) {
      const person = await this.#logIn();
      if (person === null) {
        await pause(100);
        continue;
      }
      // Each place by itself: one that is slow must not keep the others from being asked.
      const asked = this.#surfaces.map((surface) => this.#askAgainAndAgain(person, surface));
      const until = performance.now() + life();
      while (performance.now() < until && !this.#isOver) {
        await pause(100);
        if (Math.random() < refreshes && person.unanswered > person.generation) await this.#refresh(person);
      }
      if (this.#isOver) await this.#mustLive(person);
      await this.#end(person);
      this.#gone.push(person);
      await pause(bound + 500);
      person.isOver = true;
      await Promise.all(asked);
    }
  }

  /** Those who have ended show themselves somewhere, from time to time. */
  async #haunt(): Promise<void> {
    while (!this.#isOver) {
      await pause(REVENANT_EVERY);
      const person = anyOf(this.#gone);
      if (person === undefined) continue;
      this.#counts.revenants += 1;
      void this.#check(person, anyOf(this.#surfaces) as Surface);
    }
  }

  async #askAgainAndAgain(person: Person, surface: Surface): Promise<void> {
    const { alive, ended } = this.#habits.every;
    while (!person.isOver) {
      await this.#check(person, surface);
      await pause(person.endingAt === Number.POSITIVE_INFINITY ? alive : ended);
    }
  }

  async #logIn(): Promise<Person | null> {
    const name = `person-${(this.#names += 1)}-${performance.now().toFixed(0)}`;
    const account = { email: `${name}@example.org`, password: `vellum otter ${name}` };
    const signedUp = await this.#post("/auth/sign-up", account);
    if (signedUp.status !== 201) return null;
    const byToken = await this.#post("/auth/sign-in", { ...account, carrier: "token" });
    this.#counts.logins += 1;
    const person = new Person(signedUp);
    if (byToken.status === 200) person.logIn(byToken.json);
    return person;
  }

  /** Null if the person has nothing to show there. */
  async #check(person: Person, surface: Surface): Promise<Answer | null> {
    const headers = person.shownBy(surface.carrier);
    if (headers === null) return null;
    const answer = await request(surface.url, { headers });
    const outcome = OUTCOMES[answer.status];
    if (outcome === undefined) this.#promises.astray(person, surface, answer.status);
    else this.#counts[outcome] += 1;
    if (outcome === "accepted") this.#promises.accepted(person, surface, answer);
    if (outcome === "refused") await this.#refused(person, surface, answer);
    return answer;
  }

  async #refused(person: Person, surface: Surface, { json, receivedAt }: Answer): Promise<void> {
    const { reason } = json;
    if (receivedAt >= person.endingAt) {
      // A token is judged by what the process has in memory alone.
      if (reason === "ended" && surface.carrier === "token") this.#knows(person, originOf(surface.url), receivedAt);
      return;
    }
    // A token may be stale after a fail-over, or come from what that has lost: then it is refreshed, and nobody is logged out.
    if (reason === "stale" || reason === "ahead") await this.#refresh(person);
    else this.#promises.denied(person, surface, json);
  }

  #knows({ knownAt }: Person, process: string, at: number): void {
    if (!knownAt.has(process)) knownAt.set(process, at);
  }

  /** At every node at once, as a client does that retries: one successor, whoever makes it. */
  async #refresh(person: Person): Promise<void> {
    const { refreshToken, generation } = person;
    if (refreshToken === null || person.isRefreshing) return;
    person.isRefreshing = true;
    const body = new URLSearchParams({ grant_type: "refresh_token", refresh_token: refreshToken, refresh_id: person.attempt });
    const answers = await Promise.all(this.#places.nodes.map((node) => request(`${node}/oauth/token`, { method: "POST", body })));
    person.isRefreshing = false;
    if (answers.some(({ status }) => status === NONE)) person.unanswered = Math.min(person.unanswered, generation);
    const given = answers.filter(({ status }) => status === 200);
    const lost = answers.find(({ status, receivedAt }) => status === 400 && receivedAt < person.endingAt);
    if (lost !== undefined) this.#promises.refreshRefused(person, lost.json);
    const children = new Set(given.map(({ json }) => json["refresh_token"]));
    if (children.size > 1) this.#promises.twoSuccessors(person);
    if (given[0] === undefined) return;
    this.#counts.refreshes += 1;
    person.refreshed(given[0].json);
  }

  /** Ends everything of theirs, at every node at once, again and again until one has acknowledged it. */
  async #end(person: Person): Promise<void> {
    const headers = { cookie: person.cookie, origin: this.#places.issuer };
    person.endingAt = performance.now();
    const endAt = async (node: string): Promise<void> => {
      while (person.endedAt === null) {
        const { status } = await request(`${node}/auth/sessions`, { method: "DELETE", headers });
        // A 401 after that was tried: the answer was lost, or another node has ended it.
        if (status === 200 || status === 401) person.endedAt ??= performance.now();
        else await pause(50);
      }
    };
    await Promise.race(this.#places.nodes.map(endAt));
    this.#counts.ends += 1;
  }

  /** After all has been mended: what was acknowledged is there, and everybody can know it. */
  async #mustLive(person: Person): Promise<void> {
    for (const surface of this.#surfaces) {
      const answer = await this.#definite(person, surface, ({ status }) => status === 200);
      if (answer !== null && answer.status !== 200) this.#promises.notKnown(person, surface, answer.status);
    }
  }

  /** And so are the ends. */
  async #audit(gone: readonly Person[], surface: Surface): Promise<void> {
    for (const person of gone) await this.#definite(person, surface, ({ status }) => status === 200 || status === 401);
  }

  /** The first answer that will do, or the last one within the time that may pass. */
  async #definite(person: Person, surface: Surface, willDo: (answer: Answer) => boolean): Promise<Answer | null> {
    for (const until = performance.now() + MENDED_WITHIN; ; await pause(100)) {
      const answer = await this.#check(person, surface);
      if (answer === null || willDo(answer) || performance.now() >= until) return answer;
    }
  }

  #post(path: string, body: object): Promise<Answer> {
    const node = anyOf(this.#places.nodes) as string;
    return request(node + path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  }
}

function anyOf<T>(list: readonly T[]): T | undefined {
  return list[Math.floor(Math.random() * list.length)];
}

function surfacesOf({ nodes, verifiers }: Places): readonly Surface[] {
  const whoami = nodes.map((node) => `${node}/whoami`);
  return [
    ...whoami.map((url): Surface => ({ url, carrier: "cookie" })),
    ...[...whoami, ...verifiers].map((url): Surface => ({ url, carrier: "token" })),
  ];
}
