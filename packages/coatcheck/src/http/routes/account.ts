import type { Accounts } from "../../accounts/accounts.ts";
import { CoatcheckError } from "../../core/errors.ts";
import type { SessionRecord } from "../../core/session.ts";
import { ok } from "../answer.ts";
import { endedMeanwhile } from "../asker.ts";
import type { Call } from "../call.ts";
import { handOver } from "../issued.ts";
import { proving } from "../refused.ts";
import { somebody } from "../route.ts";
import type { Route } from "../route.ts";
import { confirmBody, passwordBody } from "../schemas.ts";
import { readUser, sessionView } from "../views.ts";

export const meRoute: Route = somebody({
  group: "sessions",
  method: "GET",
  path: "/auth/me",
  summary: "Who is logged in",
  answer: async (call, asker) => {
    const user = await readUser(call.site.engine, asker.userId);
    if (user === null) throw endedMeanwhile(asker);
    return ok({ user, session: sessionView(asker) });
  },
});

/** What somebody with a built-in account proves or changes. Each gives their session a new credential. */
export function accountRoutes(accounts: Accounts): readonly Route[] {
  return [
    somebody({
      group: "sessions",
      method: "POST",
      path: "/auth/confirm",
      summary: "Prove again that it is you",
      body: confirmBody,
      answer: async (call, asker, { body }) => {
        await proving(call, "confirm_refused", asker, accounts.confirm(asker.userId, body.password, { ip: call.ip }));
        const issued = await call.site.engine.sessions.confirm(asker, { ip: call.ip });
        if (issued === null) throw endedMeanwhile(asker);
        return handOver(issued, call, 200, { session: sessionView(issued.session) });
      },
    }),
    somebody({
      group: "sessions",
      method: "POST",
      path: "/auth/password",
      summary: "Change the password and end every other session",
      body: passwordBody,
      answer: async (call, asker, { body }) => {
        const prepared = accounts.preparePassword(asker.userId, { current: body.current, next: body.new }, { ip: call.ip });
        const { expect, passwordHash } = await proving(call, "password_change_refused", asker, prepared);
        const issued = await call.site.engine.sessions.changePassword(asker, { expect, passwordHash }, { ip: call.ip });
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
