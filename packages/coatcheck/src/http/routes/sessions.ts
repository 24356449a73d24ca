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
    description:
      "The one that asks ends too, and no fresh proof is needed; `keep=current` spares it, needs one, and can't be had without a limit.",
    query: endAllQuery,
    answers: {
      200: { description: "They have ended. The cookie is cleared if its session was one of them.", body: endedSchema, setsCookie: true },
    },
    refusals: [...STALE_PROOF, "too_many_requests"],
    answer: async (call, asker, { query }) => {
      const sparing = query.keep === "current";
      // A thief who ends the owner's sessions and keeps their own must know the password for it; someone who panics and ends everything must be quick.
      if (sparing) await requireFreshProof(asker, call);
      const { engine } = call.site;
      const why = { ...fromOf(call), why: "ended_everywhere" } as const;
      const { ended, seq } = await engine.sessions.endAll(asker.userId, sparing ? asker.sid : null, why);
      if (query.wait === "true") await engine.revocations.settled(seq);
      return { ...ok({ ended }), ...(sparing ? {} : clearedFor(call)) };
    },
  }),
];

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

/** The cookie goes with its session; one that came beside a bearer token was not read and stays. */
function clearedFor({ site, located }: Call): Pick<Answer, "cookie"> {
  return located.ambient ? { cookie: site.cookies.clear() } : {};
}
