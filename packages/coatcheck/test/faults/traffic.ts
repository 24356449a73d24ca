// People who log in, are checked everywhere all the time, refresh, and end their logins; and what was promised to them.

/** An answer, or that none came. */
interface Answer {
  readonly status: number;
  readonly json: Readonly<Record<string, unknown>>;
  readonly cookie: string | null;
  readonly sentAt: number;
  readonly receivedAt: number;
}

const NONE = 0;
const PATIENCE = 4_000;

export interface Places {
  readonly issuer: string;
  /** Where people log in, are checked and end. */
  readonly nodes: readonly string[];
  /** Addresses that answer 200 to whoever shows an access token that holds. */
  readonly verifiers: readonly string[];
}

export interface Summary {
  readonly logins: number;
  readonly ends: number;
  readonly accepted: number;
  readonly refused: number;
  readonly unknown: number;
  readonly refreshes: number;
  /** The longest that anything was accepted after its end had been acknowledged, in milliseconds, by when it was asked. */
  readonly worst: number;
  /** What broke a promise. */
  readonly faults: readonly string[];
}

/** Runs until it is told to stop, then sees that nothing acknowledged was lost. */
export class Traffic {
  readonly #places: Places;
  readonly #bound: number;
  readonly #faults: string[] = [];
  readonly #people: Promise<void>[] = [];
  #isOver = false;
  #counts = { logins: 0, ends: 0, accepted: 0, refused: 0, unknown: 0, refreshes: 0 };
  #worst = 0;
  #names = 0;

  constructor(places: Places, bound: number) {
    this.#places = places;
    this.#bound = bound;
  }

  start(people: number): void {
    for (let nth = 0; nth < people; nth += 1) this.#people.push(this.#live());
  }

  async stop(): Promise<Summary> {
    this.#isOver = true;
    await Promise.all(this.#people);
    return { ...this.#counts, worst: this.#worst, faults: this.#faults };
  }

  /** One life after the other, until all is over. The last one's login has to be alive then, everywhere. */
  async #live(): Promise<void> {
    while (!this.#isOver) {
      const person = await this.#logIn();
      if (person === null) continue;
      // Each place by itself: one that is slow must not keep the others from being asked.
      const asked = surfacesOf(this.#places).map((surface) => this.#askAgainAndAgain(person, surface));
      const until = performance.now() + 500 + 300 * (this.#counts.logins % 8);
      while (performance.now() < until && !this.#isOver) {
        await pause(100);
        if (Math.random() < 0.3) await this.#refresh(person);
      }
      if (this.#isOver) await this.#mustLive(person);
      await this.#end(person);
      await pause(this.#bound + 500);
      person.isOver = true;
      await Promise.all(asked);
    }
  }

  async #askAgainAndAgain(person: Person, surface: Surface): Promise<void> {
    while (!person.isOver) {
      await this.#check(person, surface);
      await pause(30);
    }
  }

  async #logIn(): Promise<Person | null> {
    const name = `person-${(this.#names += 1)}-${performance.now().toFixed(0)}`;
    const account = { email: `${name}@example.org`, password: `vellum otter ${name}` };
    const signedUp = await this.#post("/auth/sign-up", account);
    if (signedUp.status !== 201) return null;
    const byToken = await this.#post("/auth/sign-in", { ...account, carrier: "token" });
    this.#counts.logins += 1;
    const person = new Person(signedUp.cookie ?? "");
    if (byToken.status === 200) person.take(byToken.json);
    return person;
  }

  /** Null if the person has nothing to show there. */
  async #check(person: Person, { url, carrier }: Surface): Promise<Answer | null> {
    const headers = person.shownBy(carrier);
    if (headers === null) return null;
    const answer = await request(url, { headers });
    if (answer.status === 200) this.#accepted(person, url, answer);
    else if (answer.status === 401) await this.#refused(person, url, answer);
    else this.#counts.unknown += 1;
    return answer;
  }

  #accepted(person: Person, url: string, { sentAt }: Answer): void {
    this.#counts.accepted += 1;
    if (person.endedAt === null || sentAt <= person.endedAt) return;
    const after = sentAt - person.endedAt;
    this.#worst = Math.max(this.#worst, after);
    if (after > this.#bound) this.#faults.push(`${url} accepted what had ended ${after.toFixed(0)} ms before it was asked`);
  }

  async #refused(person: Person, url: string, { json, receivedAt }: Answer): Promise<void> {
    this.#counts.refused += 1;
    if (receivedAt >= person.endingAt) return;
    // A token may be stale after a fail-over: then it is refreshed, and nobody is logged out.
    if (json["reason"] === "stale") await this.#refresh(person);
    else this.#faults.push(`${url} said 401 to who is logged in: ${JSON.stringify(json)}`);
  }

  /** At every node at once, as a client does that retries: one successor, whoever makes it. */
  async #refresh(person: Person): Promise<void> {
    const { refreshToken } = person;
    if (refreshToken === null || person.isRefreshing) return;
    person.isRefreshing = true;
    const body = new URLSearchParams({ grant_type: "refresh_token", refresh_token: refreshToken, refresh_id: person.attempt });
    const answers = await Promise.all(this.#places.nodes.map((node) => request(`${node}/oauth/token`, { method: "POST", body })));
    person.isRefreshing = false;
    const given = answers.filter(({ status }) => status === 200);
    const lost = answers.find(({ status, receivedAt }) => status === 400 && receivedAt < person.endingAt);
    if (lost !== undefined) this.#faults.push(`a refresh logged somebody out: ${JSON.stringify(lost.json)}`);
    const children = new Set(given.map(({ json }) => json["refresh_token"]));
    if (children.size > 1) this.#faults.push("one refresh token has two successors");
    if (given[0] === undefined) return;
    this.#counts.refreshes += 1;
    person.take(given[0].json);
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
    for (const surface of surfacesOf(this.#places)) {
      let status: number | undefined;
      for (const until = performance.now() + 15_000; status !== 200 && performance.now() < until; await pause(100)) {
        const answer = await this.#check(person, surface);
        if (answer === null) break;
        ({ status } = answer);
      }
      if (status !== undefined && status !== 200)
        this.#faults.push(`${surface.url} does not know a login (${surface.carrier}) that was acknowledged: ${status}`);
    }
  }

  #node(): string {
    return this.#places.nodes[Math.floor(Math.random() * this.#places.nodes.length)] as string;
  }

  #post(path: string, body: object): Promise<Answer> {
    return request(this.#node() + path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  }
}

type Carrier = "cookie" | "token";

/** Where something is shown. */
interface Surface {
  readonly url: string;
  readonly carrier: Carrier;
}

function surfacesOf({ nodes, verifiers }: Places): readonly Surface[] {
  const whoami = nodes.map((node) => `${node}/whoami`);
  return [
    ...whoami.map((url): Surface => ({ url, carrier: "cookie" })),
    ...[...whoami, ...verifiers].map((url): Surface => ({ url, carrier: "token" })),
  ];
}

class Person {
  readonly cookie: string;
  accessToken: string | null = null;
  refreshToken: string | null = null;
  /** Names an attempt to refresh, on every retry of it. */
  attempt = crypto.randomUUID().replaceAll("-", "");
  isRefreshing = false;
  /** Nobody looks on any more. */
  isOver = false;
  /** When its end was asked for first; later than everything until then. */
  endingAt = Number.POSITIVE_INFINITY;
  /** When its end was acknowledged. */
  endedAt: number | null = null;

  constructor(cookie: string) {
    this.cookie = cookie;
  }

  take(tokens: Readonly<Record<string, unknown>>): void {
    this.accessToken = tokens["access_token"] as string;
    this.refreshToken = tokens["refresh_token"] as string;
    this.attempt = crypto.randomUUID().replaceAll("-", "");
  }

  /** The header that shows who they are; null if they have none of this kind. */
  shownBy(carrier: Carrier): Readonly<Record<string, string>> | null {
    if (carrier === "cookie") return { cookie: this.cookie };
    return this.accessToken === null ? null : { authorization: `Bearer ${this.accessToken}` };
  }
}

async function request(url: string, init: RequestInit): Promise<Answer> {
  const sentAt = performance.now();
  try {
    const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(PATIENCE) });
    const text = await answer.text();
    const json = text === "" ? {} : (JSON.parse(text) as Answer["json"]);
    const cookie = answer.headers.getSetCookie()[0]?.split(";", 1)[0] ?? null;
    return { status: answer.status, json, cookie, sentAt, receivedAt: performance.now() };
  } catch {
    return { status: NONE, json: {}, cookie: null, sentAt, receivedAt: performance.now() };
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((go) => setTimeout(go, ms));
}
