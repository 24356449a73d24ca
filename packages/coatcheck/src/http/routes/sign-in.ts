import type { Accounts } from "../../accounts/accounts.ts";
import type { Sid } from "../../core/ids.ts";
import type { UserProof } from "../../core/ports.ts";
import type { CarrierName } from "../../core/session.ts";
import type { SignUp } from "../../core/settings.ts";
import { signedInSchema } from "../answers.ts";
import type { Call } from "../call.ts";
import { handOver } from "../issued.ts";
import { proving } from "../refused.ts";
import { anybody, refusing } from "../route.ts";
import type { Route } from "../route.ts";
import { signInBody, signUpBody } from "../schemas.ts";
import { accountView, sessionView } from "../views.ts";

/** The two ways to a session with built-in accounts. */
export function signInRoutes(accounts: Accounts, signUp: SignUp): readonly Route[] {
  return [SIGN_UP[signUp](signUpRoute(accounts)), signInRoute(accounts)];
}

const SIGN_UP: Readonly<Record<SignUp, (route: Route) => Route>> = {
  closed: (route) => refusing(route, "sign_up_closed"),
  "at-once": (route) => route,
};

const SIGNED_IN = {
  description: "Signed in. With the cookie carrier the credential is in `Set-Cookie`, with the token carrier in the body.",
  body: signedInSchema,
  setsCookie: true,
} as const;

function signUpRoute(accounts: Accounts): Route {
  return anybody({
    group: "sessions",
    method: "POST",
    path: "/auth/sign-up",
    id: "signUp",
    tag: "Accounts",
    summary: "Make an account and sign in",
    body: signUpBody,
    answers: { 201: SIGNED_IN },
    refusals: ["sign_up_closed", "email_taken", "weak_password", "too_many_requests", "overloaded", "store_unavailable"],
    answer: async (call, { body: { email, password, name, carrier } }) => {
      const newcomer = { email, password, ...(name === undefined ? {} : { name }) };
      const proof = await proving(call, "sign_up_refused", null, accounts.signUp(newcomer, { ip: call.ip }));
      const { id: userId } = proof.user;
      await call.site.engine.audit({ event: "sign_up", userId, sid: null, ip: call.ip, carrier, detail: { device: call.device.label } });
      return arrive(call, proof, carrier, 201);
    },
  });
}

function signInRoute(accounts: Accounts): Route {
  return anybody({
    group: "sessions",
    method: "POST",
    path: "/auth/sign-in",
    id: "signIn",
    tag: "Accounts",
    summary: "Sign in",
    description:
      "An unknown address and a wrong password are answered alike. A session that the sent cookie names ends in the same transaction, if the new one is on a cookie too.",
    body: signInBody,
    answers: { 200: SIGNED_IN },
    refusals: ["invalid_credentials", "too_many_requests", "too_many_sessions", "overloaded", "store_unavailable"],
    answer: async (call, { body: { email, password, carrier } }) => {
      const proof = await proving(call, "sign_in_refused", null, accounts.prove({ email, password }, { ip: call.ip }));
      return arrive(call, proof, carrier, 200);
    },
  });
}

/** The person is proved; their session begins, on the carrier that they chose. */
async function arrive<S extends number>(call: Call, { user, head }: UserProof, carrier: CarrierName, status: S) {
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
