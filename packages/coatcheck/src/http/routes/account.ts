import type { Accounts } from "../../accounts/accounts.ts";
import { CoatcheckError } from "../../core/errors.ts";
import type { SessionRecord } from "../../core/session.ts";
import { ok } from "../answer.ts";
import { accountSchema, meSchema, renewedSchema, userSchema } from "../answers.ts";
import { endedMeanwhile } from "../asker.ts";
import { fromOf } from "../call.ts";
import type { Call } from "../call.ts";
import { handOver } from "../issued.ts";
import { proving } from "../refused.ts";
import { somebody } from "../route.ts";
import type { Route } from "../route.ts";
import { confirmBody, passwordBody } from "../schemas.ts";
import { readUser, sessionView } from "../views.ts";

/** @param accounts null if users are the application's own. */
export function meRoute(accounts: Accounts | null): Route {
  return somebody({
    group: "sessions",
    method: "GET",
    path: "/auth/me",
    id: "getMe",
    tag: "Sessions",
    summary: "Who is logged in",
    answers: {
      200: { description: "The user and the session that asks.", body: meSchema(accounts === null ? userSchema : accountSchema) },
    },
    answer: async (call, asker) => {
      const user = await readUser(call.site.engine, asker.userId);
      if (user === null) throw endedMeanwhile(asker);
      return ok({ user, session: sessionView(asker) });
    },
  });
}

/** What proving a password may meet. */
const PROVING = ["invalid_credentials", "too_many_requests", "overloaded"] as const;

/** What somebody with a built-in account proves or changes. Each gives their session a new credential. */
export function accountRoutes(accounts: Accounts): readonly Route[] {
  return [
    somebody({
      group: "sessions",
      method: "POST",
      path: "/auth/confirm",
      id: "confirm",
      tag: "Accounts",
      summary: "Prove again that it is you",
      description: "Makes the proof fresh: `authTime` is now. The same session, with a new cookie secret or new tokens.",
      body: confirmBody,
      answers: { 200: { description: "The session, and its new credential.", body: renewedSchema, setsCookie: true } },
      refusals: PROVING,
      answer: async (call, asker, { body }) => {
        await proving(call, "confirm_refused", asker, accounts.confirm(asker.userId, body.password, { ip: call.ip }));
        const issued = await call.site.engine.sessions.confirm(asker, fromOf(call));
        if (issued === null) throw endedMeanwhile(asker);
        return handOver(issued, call, 200, { session: sessionView(issued.session) });
      },
    }),
    somebody({
      group: "sessions",
      method: "POST",
      path: "/auth/password",
      id: "changePassword",
      tag: "Accounts",
      summary: "Change the password and end every other session",
      description: "`current` is the proof. The session that asks lives on, with a new cookie secret or new tokens.",
      body: passwordBody,
      answers: { 200: { description: "The session, and its new credential.", body: renewedSchema, setsCookie: true } },
      refusals: [...PROVING, "weak_password"],
      answer: async (call, asker, { body }) => {
        const prepared = accounts.preparePassword(asker.userId, { current: body.current, next: body.new }, { ip: call.ip });
        const { expect, passwordHash } = await proving(call, "password_change_refused", asker, prepared);
        const issued = await call.site.engine.sessions.changePassword(asker, { expect, passwordHash }, fromOf(call));
        if (issued === null) throw await changedMeanwhile(call, asker);
        return handOver(issued, call, 200, { session: sessionView(issued.session) });
      },
    }),
  ];
}

/** Somebody was quicker: they ended the session, or they changed the password, and then `current` is wrong by now. */
async function changedMeanwhile({ site }: Call, asker: SessionRecord): Promise<CoatcheckError> {
  const session = await site.engine.sessions.find(asker.sid);
  return session === null ? endedMeanwhile(asker) : new CoatcheckError("invalid_credentials");
}
