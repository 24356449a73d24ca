import type { Composed } from "./compose.ts";
import { CoatcheckError } from "./core/errors.ts";
import { createGuard } from "./core/guard.ts";
import type { Guarded } from "./core/guard.ts";
import type { Sid, UserId } from "./core/ids.ts";
import { MAX_SESSION_DATA } from "./core/limits.ts";
import { chain } from "./core/maybe.ts";
import type { MaybePromise } from "./core/maybe.ts";
import type { Needs } from "./core/needs.ts";
import { isLive } from "./core/session.ts";
import type { AuthMethods, CarrierName, Device, JsonValue, SessionRecord } from "./core/session.ts";
import type { Verdict } from "./core/verdict.ts";
import { bearerToken } from "./http/bearer.ts";
import { describeDevice } from "./http/device.ts";
import type { Credentials } from "./http/engine.ts";
import type { Closing } from "./revocation/watching.ts";
import type { Handed, Peer, Routes } from "./http/index.ts";

/** A login that the application has proved itself. */
export interface StartOptions {
  readonly userId: string;
  /** How it was proved: methods of RFC 8176, for example `["pwd"]`, `["hwk"]`, `["mfa", "otp"]`. */
  readonly amr: AuthMethods;
  readonly carrier: CarrierName;
  /** The application's own data about this login: JSON of 4 kB at most, never in a token. Default: null. */
  readonly data?: JsonValue;
  /** Where the login came from, for the list of devices: the `User-Agent` header and the address are enough, the label is made of them. */
  readonly device?: Partial<Device>;
}

/** What to hand to the client: `setCookie` is the value of one `Set-Cookie` header, `tokens` the token response of RFC 6749 §5.1; one of them is null. */
export interface Started extends Handed {
  readonly session: Session;
}

/** A session as the application sees it: nothing in it opens it. */
export type Session = Omit<SessionRecord, "secretHash" | "salt" | "rotation" | "rsq" | "endedSeq">;

/** Coatcheck in an application. */
export interface Auth {
  /** Answers every route of ours, under the base path; 404 for anything else. Never throws. */
  fetch(request: Request, peer?: Peer): Promise<Response>;
  /** The `/.well-known/*` addresses, for the root of the host; null for any other address. */
  wellKnown(request: Request): Promise<Response | null>;
  /**
   * Who is this? Synchronous when memory can answer: await it only if it is a promise. Give it the two header values as they came.
   * @throws {store_unavailable} when that can't be known: answer 503 then, not 401.
   */
  check(credentials: Credentials): MaybePromise<Verdict>;
  /**
   * A guard for a route: made once, at start. It answers with the verdict of whoever may come, or with a refusal that is ready to be sent.
   * @throws ConfigError for needs that can't be meant. The guard throws as {@link check} does.
   */
  guard<const N extends Needs>(needs: N): (credentials: Credentials) => MaybePromise<Guarded<N, Verdict>>;
  /**
   * A session for a user that the application has proved itself.
   * @throws {unauthenticated} if there is no such user, or it is disabled. @throws {invalid_input} if `data` is too large, or the id is one that clients have.
   * @throws {too_many_sessions} if this user has begun so many of late that ending them all would fill the log: answer 429. @throws {store_unavailable}
   */
  start(options: StartOptions): Promise<Started>;
  /** A live session with the application's `data` about it, from the store; null if there is none, or it has ended. @throws {store_unavailable} */
  session(sid: string): Promise<Session | null>;
  /**
   * Ends one session, or every session of a user: on this host at the next request, everywhere within the bound.
   * @param options.wait Returns once nobody accepts them any more, no process and no verifier. Default: false.
   * @throws {store_unavailable} and then nothing was ended; with `wait` it may have been, and it can't be known who has heard of it.
   * @throws {invalid_input} if neither is named.
   */
  end(
    target: { readonly sid: string } | { readonly userId: string },
    options?: { readonly wait?: boolean },
  ): Promise<{ readonly ended: number }>;
  /**
   * Calls `close`, once, when this session has ended, as soon as that is heard: for what stays open when the request is over, like a socket or a stream. Also
   * when the session is as old as it may become, and when it can't be known any more whether it has ended, so never later than the bound.
   * @returns what to call when it closed by itself.
   */
  onEnded(sid: string, close: (why: Closing) => void): () => void;
  /** A role changed or somebody was disabled: reads the user again; tokens that say otherwise are stale, a disabled user's sessions end. @throws {store_unavailable} */
  changed(userId: string): Promise<void>;
  /** The metrics of this process, as Prometheus' text format has them: answer `GET /metrics` with it to whom you trust. */
  metrics(): string;
  /** Writes what is pending and closes the store. */
  close(): Promise<void>;
}

/** The library's face on a composed set-up. */
export function authFor(composed: Composed, routes: Routes): Auth {
  const { engine, revocations } = composed;
  const from = { ip: "" } as const;

  async function start(options: StartOptions): Promise<Started> {
    refuseWrongStart(options, Object.keys(engine.carriers));
    const data = options.data ?? null;
    // The log head first, then the user: whatever changes in between ends or stales what is made here. The head of now: what was made at an earlier one is
    // ended by whatever ended this user's sessions a moment ago.
    await revocations.read();
    const rsq = revocations.head;
    const user = await engine.users.get(options.userId as UserId);
    if (user === null || user.disabled)
      throw new CoatcheckError("unauthenticated", { detail: "There is no such user, or it is disabled." });
    const { userAgent = "", ip = "", label } = options.device ?? {};
    const described = describeDevice(userAgent, ip);
    const device = label === undefined ? described : { ...described, label };
    const { amr, carrier } = options;
    const issued = await engine.sessions.start({ user, rsq, amr, carrier, device, data, replaces: null });
    return { session: visible(issued.session), ...routes.hand(issued.shown) };
  }

  async function session(sid: string): Promise<Session | null> {
    const found = await engine.sessions.find(sid as Sid);
    return found === null ? null : visible(found);
  }

  async function end(
    target: { readonly sid: string } | { readonly userId: string },
    { wait = false }: { readonly wait?: boolean } = {},
  ): Promise<{ ended: number }> {
    if (typeof ("sid" in target ? target.sid : target.userId) !== "string")
      throw wrong("end", "sid", "one { sid } or one { userId }, as text");
    const by = { ...from, why: "ended_by_application" } as const;
    const outcome =
      "sid" in target
        ? await engine.sessions.end({ sid: target.sid as Sid }, by)
        : await engine.sessions.endAll(target.userId as UserId, null, by);
    if (wait) await revocations.settled(outcome.seq);
    return { ended: outcome.ended };
  }

  return {
    fetch: routes.fetch,
    wellKnown: routes.wellKnown,
    check: routes.check,
    guard: guardian(composed, routes),
    start,
    session,
    end,
    onEnded: watcher(composed),
    changed: (userId) => changed(composed, userId as UserId),
    metrics: () => engine.metrics.render(),
    close: () => composed.close(),
  };
}

function guardian({ engine: { clock } }: Composed, { check }: Routes): Auth["guard"] {
  return (needs) => {
    const guard = createGuard(needs);
    return (credentials) =>
      chain(check(credentials), (verdict) => {
        const refusal = guard(verdict, shownIn(credentials), clock.now());
        return refusal ?? (verdict as Guarded<typeof needs, Verdict>);
      });
  };
}

/** A token is looked for first, and with one the cookie is not looked at. */
function shownIn({ authorization }: Credentials): "token" | "cookie" {
  return typeof authorization === "string" && bearerToken(authorization) !== null ? "token" : "cookie";
}

async function changed({ engine: { users, sessions, store, clock }, revocations }: Composed, id: UserId): Promise<void> {
  await revocations.sync();
  const user = await users.get(id);
  if (user === null || user.disabled) await sessions.endAll(id, null, { ip: "", why: "user_disabled" });
  else await store.feed.append("invalidate-user", id, clock.now());
}

function watcher({ engine, revocations }: Composed): Auth["onEnded"] {
  return (sid, close) => {
    let forget = (): void => {};
    let isForgotten = false;
    const begin = async (): Promise<void> => {
      const found = await engine.store.sessions.find(sid as Sid);
      if (isForgotten) return;
      if (found === null || !isLive(found)) return close("ended");
      const { userId, clientId, expiresAt } = found.session;
      // It lived at this head: whatever the log says of it from there on ends it.
      const standing = { sid: sid as Sid, userId, clientId, rsq: found.head };
      forget = revocations.watch({ standing, expiresAt, close });
    };
    begin().catch(() => close("unknown"));
    return () => {
      isForgotten = true;
      forget();
    };
  };
}

function wrong(call: string, field: string, needs: string): CoatcheckError {
  return new CoatcheckError("invalid_input", {
    detail: `${call}() needs ${needs}`,
    fields: [{ pointer: `/${field}`, detail: `must be ${needs}` }],
  });
}

/** What no compiler has looked at may be anything. @throws {invalid_input} that names the first that is wrong. */
function refuseWrongStart({ userId, amr, carrier, data = null }: StartOptions, carriers: readonly string[]): void {
  if (typeof userId !== "string" || userId === "") throw wrong("start", "userId", "userId: a user's id, as text");
  if (!carriers.includes(carrier)) throw wrong("start", "carrier", `carrier: ${carriers.map((name) => `"${name}"`).join(" or ")}`);
  if (!Array.isArray(amr) || amr.length === 0 || !amr.every((method) => typeof method === "string"))
    throw wrong("start", "amr", `amr: how the login was proved, like ["pwd"] (RFC 8176)`);
  const json = asJson(data);
  if (json === null || Buffer.byteLength(json) > MAX_SESSION_DATA)
    throw wrong("start", "data", `data: JSON of at most ${MAX_SESSION_DATA} bytes`);
}

/** @returns null for what JSON has no form for: a function or a symbol, a bigint, a circle, a `toJSON` that fails. */
function asJson(value: unknown): string | null {
  try {
    return JSON.stringify(value) ?? null;
  } catch {
    return null;
  }
}

function visible({ secretHash: _hash, salt: _salt, rotation: _rotation, rsq: _rsq, endedSeq: _ended, ...session }: SessionRecord): Session {
  return session;
}
