import { CoatcheckError } from "../../core/errors.ts";
import { parseSid } from "../../core/ids.ts";
import type { SessionRecord } from "../../core/session.ts";
import { NO_CONTENT, ok } from "../answer.ts";
import type { Answer } from "../answer.ts";
import { requireFreshProof } from "../asker.ts";
import type { Call } from "../call.ts";
import { somebody } from "../route.ts";
import type { Route } from "../route.ts";
import { endAllQuery } from "../schemas.ts";
import { sessionView } from "../views.ts";

/** Seeing and ending one's own sessions, whatever carries them. */
export const sessionRoutes: readonly Route[] = [
  somebody({
    group: "sessions",
    method: "GET",
    path: "/auth/sessions",
    summary: "Every live session of yours",
    answer: async (call, asker) => {
      const sessions = await call.site.engine.sessions.list(asker.userId);
      return ok({ sessions: sessions.map((it) => ({ ...sessionView(it), ...(it.sid === asker.sid ? { current: true } : {}) })) });
    },
  }),
  somebody({
    group: "sessions",
    method: "DELETE",
    path: "/auth/sessions/{sid}",
    summary: "End one session of yours",
    answer: (call, asker) => (call.params["sid"] === asker.sid ? endOwn(call, asker) : endOther(call, asker)),
  }),
  somebody({
    group: "sessions",
    method: "DELETE",
    path: "/auth/sessions",
    summary: "End every session of yours",
    query: endAllQuery,
    // `wait=true` asks for nothing more here: every process of the file reads the log at its next request, so the commit is the wait.
    answer: (call, asker, { query }) => (query.keep === "current" ? endOthers(call, asker) : endEverywhere(call, asker)),
  }),
];

async function endOwn(call: Call, asker: SessionRecord): Promise<Answer> {
  await call.site.engine.sessions.end({ sid: asker.sid, userId: asker.userId }, { ip: call.ip, why: "ended_by_user" });
  return { ...NO_CONTENT, ...clearedFor(call) };
}

async function endOther(call: Call, asker: SessionRecord): Promise<Answer> {
  requireFreshProof(asker, call);
  const sid = parseSid(call.params["sid"] ?? "");
  const outcome =
    sid === null ? null : await call.site.engine.sessions.end({ sid, userId: asker.userId }, { ip: call.ip, why: "ended_by_user" });
  if (outcome === null || outcome.ended === 0) throw new CoatcheckError("not_found");
  return NO_CONTENT;
}

/** Everything, the asker included, needs no fresh proof: someone who panics must be quick. */
async function endEverywhere(call: Call, asker: SessionRecord): Promise<Answer> {
  const { ended } = await call.site.engine.sessions.endAll(asker.userId, null, { ip: call.ip, why: "ended_everywhere" });
  return { ...ok({ ended }), ...clearedFor(call) };
}

/** A thief who ends the owner's sessions and keeps their own must know the password for it. */
async function endOthers(call: Call, asker: SessionRecord): Promise<Answer> {
  requireFreshProof(asker, call);
  const { ended } = await call.site.engine.sessions.endAll(asker.userId, asker.sid, { ip: call.ip, why: "ended_everywhere" });
  return ok({ ended });
}

/** The cookie goes with its session; one that came beside a bearer token was not read and stays. */
function clearedFor({ site, located }: Call): Pick<Answer, "cookie"> {
  return located.ambient ? { cookie: site.cookies.clear() } : {};
}
