import type { Accounts } from "../../accounts/accounts.ts";
import { CoatcheckError } from "../../core/errors.ts";
import type { Sid } from "../../core/ids.ts";
import type { UserProof } from "../../core/ports.ts";
import type { CarrierName } from "../../core/session.ts";
import type { SignUp } from "../../core/settings.ts";
import type { Answer } from "../answer.ts";
import type { Call } from "../call.ts";
import { handOver } from "../issued.ts";
import { proving } from "../refused.ts";
import { anybody } from "../route.ts";
import type { Route } from "../route.ts";
import { signInBody, signUpBody } from "../schemas.ts";
import { accountView, sessionView } from "../views.ts";

/** The two ways to a session with built-in accounts. */
export function signInRoutes(accounts: Accounts, signUp: SignUp): readonly Route[] {
  return [SIGN_UP[signUp](accounts), signInRoute(accounts)];
}

const SIGN_UP: Readonly<Record<SignUp, (accounts: Accounts) => Route>> = {
  closed: () => anybody({ ...signUpAt, answer: refuseSignUp }),
  "at-once": (accounts) =>
    anybody({
      ...signUpAt,
      body: signUpBody,
      answer: async (call, { body: { email, password, name, carrier } }) => {
        const proof = await accounts.signUp({ email, password, ...(name === undefined ? {} : { name }) }, { ip: call.ip });
        const { id: userId } = proof.user;
        await call.site.engine.audit({ event: "sign_up", userId, sid: null, ip: call.ip, carrier, detail: {} });
        return arrive(call, proof, carrier, 201);
      },
    }),
};

const signUpAt = { group: "sessions", method: "POST", path: "/auth/sign-up", summary: "Make an account and sign in" } as const;

function refuseSignUp(): never {
  throw new CoatcheckError("sign_up_closed");
}

function signInRoute(accounts: Accounts): Route {
  return anybody({
    group: "sessions",
    method: "POST",
    path: "/auth/sign-in",
    summary: "Sign in",
    body: signInBody,
    answer: async (call, { body: { email, password, carrier } }) => {
      const proof = await proving(call, "sign_in_refused", null, accounts.prove({ email, password }, { ip: call.ip }));
      return arrive(call, proof, carrier, 200);
    },
  });
}

/** The person is proved; their session begins, on the carrier that they chose. */
async function arrive(call: Call, { user, head }: UserProof, carrier: CarrierName, status: number): Promise<Answer> {
  const { device } = call;
  const replaces = await replacedBy(carrier, call);
  const issued = await call.site.engine.sessions.start({ user, rsq: head, amr: ["pwd"], carrier, device, data: null, replaces });
  return handOver(issued, call, status, { user: accountView(user), session: sessionView(issued.session) });
}

/**
 * A new cookie overwrites the one that was sent, so nobody could end that one's session any more: it ends now. A cookie that we have not made means
 * nothing.
 */
async function replacedBy(carrier: CarrierName, { site, located, now }: Call): Promise<Sid | null> {
  if (!located.ambient || located.carrier !== carrier) return null;
  return site.engine.carriers[carrier].identify(located.credential, now);
}
