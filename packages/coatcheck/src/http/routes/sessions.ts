import { CoatcheckError } from "../../core/errors.ts";
import type { SessionRecord } from "../../core/session.ts";
import { NO_CONTENT, ok } from "../answer.ts";
import type { Answer } from "../answer.ts";
import { endedSchema, sessionsSchema } from "../answers.ts";
import { requireFreshProof } from "../asker.ts";
import { fromOf } from "../call.ts";
import type { Call } from "../call.ts";
import { somebody } from "../route.ts";
import type { Route } from "../route.ts";
import { endAllQuery, sessionParams } from "../schemas.ts";
import { readParams } from "../validate.ts";
import { sessionView } from "../views.ts";

/** What may be refused to somebody whose proof is not fresh, by their carrier. */
const STALE_PROOF = ["step_up_required", "insufficient_user_authentication"] as const;

/** Seeing and ending one's own sessions, whatever carries them. */
export const sessionRoutes: readonly Route[] = [
  somebody({
    group: "sessions",
    method: "GET",
    path: "/auth/sessions",
    id: "listSessions",
    tag: "Sessions",
    summary: "Every live session of yours",
    answers: { 200: { description: "All of them, whatever carries them.", body: sessionsSchema } },
    answer: async (call, asker) => {
      const sessions = await call.site.engine.sessions.list(asker.userId);
      return ok({ sessions: sessions.map((it) => ({ ...sessionView(it), ...(it.sid === asker.sid ? { current: true as const } : {}) })) });
    },
  }),
  somebody({
    group: "sessions",
    method: "DELETE",
    path: "/auth/sessions/{sid}",
    id: "endSession",
    tag: "Sessions",
    summary: "End one session of yours",
    description: "Any but the one that asks needs a fresh proof.",
    params: sessionParams,
    answers: { 204: { description: "It has ended. The cookie is cleared if it was the cookie's own.", setsCookie: true } },
    refusals: STALE_PROOF,
    answer: (call, asker) => (call.params["sid"] === asker.sid ? endOwn(call, asker) : endOther(call, asker)),
  }),
  somebody({
    group: "sessions",
    method: "DELETE",
    path: "/auth/sessions",
    id: "endSessions",
    tag: "Sessions",
    summary: "End every session of yours",
    description: "The one that asks ends too, and no fresh proof is needed; `keep=current` spares it and needs one.",
    query: endAllQuery,
    answers: {
      200: { description: "They have ended. The cookie is cleared if its session was one of them.", body: endedSchema, setsCookie: true },
    },
    refusals: STALE_PROOF,
    // `wait=true` asks for nothing more here: every process of the file reads the log at its next request, so the commit is the wait.
    answer: (call, asker, { query }) => (query.keep === "current" ? endOthers(call, asker) : endEverywhere(call, asker)),
  }),
];

type Ended = ReturnType<typeof ok<{ readonly ended: number }>>;

async function endOwn(call: Call, asker: SessionRecord): Promise<typeof NO_CONTENT> {
  await call.site.engine.sessions.end({ sid: asker.sid, userId: asker.userId }, { ...fromOf(call), why: "ended_by_user" });
  return { ...NO_CONTENT, ...clearedFor(call) };
}

async function endOther(call: Call, asker: SessionRecord): Promise<typeof NO_CONTENT> {
  await requireFreshProof(asker, call);
  const { sid } = readParams(sessionParams, call.params);
  const { ended } = await call.site.engine.sessions.end(
    { sid, userId: asker.userId },
    { ...fromOf(call), by: asker.sid, why: "ended_by_user" },
  );
  if (ended === 0) throw new CoatcheckError("not_found");
  return NO_CONTENT;
}

/** Everything, the asker included, needs no fresh proof: someone who panics must be quick. */
async function endEverywhere(call: Call, asker: SessionRecord): Promise<Ended> {
  const { ended } = await call.site.engine.sessions.endAll(asker.userId, null, { ...fromOf(call), why: "ended_everywhere" });
  return { ...ok({ ended }), ...clearedFor(call) };
}

/** A thief who ends the owner's sessions and keeps their own must know the password for it. */
async function endOthers(call: Call, asker: SessionRecord): Promise<Ended> {
  await requireFreshProof(asker, call);
  const { ended } = await call.site.engine.sessions.endAll(asker.userId, asker.sid, { ...fromOf(call), why: "ended_everywhere" });
  return ok({ ended });
}

/** The cookie goes with its session; one that came beside a bearer token was not read and stays. */
function clearedFor({ site, located }: Call): Pick<Answer, "cookie"> {
  return located.ambient ? { cookie: site.cookies.clear() } : {};
}
