import { seq } from "../../core/ids.ts";
import type { Seq } from "../../core/ids.ts";
import type { ClientProof } from "../../core/clients.ts";
import type { Confirmed, LogPage } from "../../core/ports.ts";
import type { Milliseconds } from "../../core/time.ts";
import { ok } from "../answer.ts";
import { changesSchema } from "../answers.ts";
import type { Call } from "../call.ts";
import type { Position } from "../changes/page.ts";
import { changesOf, inSeconds, positionLost, positionGone, tellsOfEnd, whereIs } from "../changes/page.ts";
import { changeStream } from "../changes/stream.ts";
import { pageWithNews } from "../changes/wait.ts";
import { noSuchClient } from "../client-authentication.ts";
import { OAuthError } from "../oauth-errors.ts";
import { confidential } from "../route.ts";
import type { Streamed } from "../row.ts";
import { changesQuery, POSITION } from "../schemas.ts";
import { addressOf, PATHS } from "./metadata.ts";

const EVENTS = "text/event-stream";

export const changesRoute = confidential({
  group: "tokens",
  tag: "Tokens",
  method: "GET",
  path: PATHS.changes,
  id: "getChanges",
  summary: "What has ended or changed, for services that check tokens themselves",
  description: `For clients with a secret alone, shown by HTTP Basic. Each question is written down before it is answered, and answered by the store: so whoever has applied the answer may decide from memory for \`lease\` seconds, counted from when it *sent* the question.
With \`Accept: text/event-stream\` the same comes as server-sent events (\`event: changes\`, \`id\` the position to go on from, which \`Last-Event-ID\` takes up again), without a lease: events only make things fast. A stream ends with its client, and with the process. At most 32 requests of one client are held open by one process.
A position that the log doesn't have (any more) is 409, and \`snapshot\` says where everything can be had anew. Nothing in an answer is about a person but ids.`,
  query: changesQuery,
  answers: { 200: { description: "Everything in `(from, head]` that can still hit anything.", body: changesSchema, events: true } },
  refusals: ["position_gone", "position_lost", "too_many_requests", "store_unavailable"],
  answer: (call, asker, query) => {
    const position = { from: seq(Number(query.from)), mark: query.mark };
    // A HEAD has no body to go on.
    if (call.request.method === "GET" && wantsEvents(call.request)) return stream(call, asker, lastEventId(call.request) ?? position);
    return confirm(call, asker, position, { wait: (Number(query.wait) * 1_000) as Milliseconds, verifier: query.verifier });
  },
});

function wantsEvents(request: Request): boolean {
  const accepted = (request.headers.get("accept") ?? "").split(",");
  return accepted.some((it) => (it.split(";")[0] as string).trim().toLowerCase() === EVENTS);
}

/** A reader that comes back says it here, while its address still says where it began. @throws {invalid_request} */
function lastEventId(request: Request): Position | null {
  const id = request.headers.get("last-event-id") ?? "";
  if (id === "") return null;
  if (!POSITION.test(id)) throw new OAuthError("invalid_request", "Last-Event-ID is no position of the log.");
  return { from: seq(Number(id)), mark: undefined };
}

interface Asked {
  readonly wait: Milliseconds;
  readonly verifier: string | undefined;
}

/**
 * @throws {position_gone} @throws {position_lost} @throws {too_many_requests} @throws {store_unavailable}
 * @throws {invalid_client} if the client ended while it waited.
 */
async function confirm(call: Call, asker: ClientProof, position: Position, { wait, verifier }: Asked) {
  const { changes, clock } = call.site.engine;
  const { from } = position;
  const held = wait === 0 ? null : changes.held.hold(asker.client.id);
  try {
    const noted = await changes.confirm({ client: asker.client.id, verifier, ...position });
    requireKnown(call, asker, position, noted);
    const page = held === null || noted.head !== from ? noted : await waited(call, noted, from, wait, held.signal);
    requireKnown(call, asker, position, page);
    if (tellsOfEnd(page, asker.client.id, asker.head)) throw noSuchClient();
    return ok({ ...changesOf(page, from, page.storeClock ?? clock.now()), lease: inSeconds(changes.lease) });
  } finally {
    held?.release();
  }
}

async function waited(call: Call, { storeClock }: Confirmed, from: Seq, wait: Milliseconds, closing: AbortSignal): Promise<Confirmed> {
  const { changes, store, clock } = call.site.engine;
  const signal = AbortSignal.any([closing, call.request.signal]);
  return { ...(await pageWithNews({ feed: store.feed, wakes: changes.wakes, clock }, from, wait, signal)), storeClock };
}

/** @throws {position_gone} @throws {position_lost} @throws {too_many_requests} @throws {store_unavailable} */
async function stream(call: Call, asker: ClientProof, position: Position): Promise<Streamed> {
  const { changes, store, clock } = call.site.engine;
  const { from } = position;
  const { client, head } = asker;
  const first = await store.feed.since(from);
  requireKnown(call, asker, position, first);
  const held = changes.held.hold(client.id);
  const signal = AbortSignal.any([held.signal, call.request.signal]);
  return {
    status: 200,
    type: EVENTS,
    // Proxies that gather answers before they pass them on would hold events back; nginx can be told so.
    headers: { "X-Accel-Buffering": "no" },
    stream: changeStream({
      ...{ feed: store.feed, wakes: changes.wakes, clock, from, first, signal },
      isLast: (page) => tellsOfEnd(page, client.id, head),
      ended: () => held.release(),
    }),
  };
}

/** @throws {position_gone} @throws {position_lost} */
function requireKnown(call: Call, { client }: ClientProof, position: Position, page: LogPage): void {
  const { settings, changes } = call.site.engine;
  const where = whereIs(position, page);
  if (where === "here") return;
  const snapshot = `${addressOf(settings, "changes")}?from=0`;
  if (where === "gone") throw positionGone(snapshot);
  changes.alarm(client.id, position.from, page.head);
  throw positionLost(snapshot);
}
