import { CoatcheckError, StoreUnavailable } from "../../core/errors.ts";
import type { Sid } from "../../core/ids.ts";
import type { CarrierName } from "../../core/session.ts";
import { NO_CONTENT } from "../answer.ts";
import { fromOf } from "../call.ts";
import type { Call } from "../call.ts";
import { problem } from "../problem.ts";
import { anybody, isExplicit } from "../route.ts";
import type { Refused } from "../row.ts";
import { signOutBody } from "../schemas.ts";

export const signOutRoute = anybody({
  group: "sessions",
  method: "POST",
  path: "/auth/sign-out",
  id: "signOut",
  tag: "Sessions",
  summary: "End the session that the request shows",
  description:
    "All that is shown ends: a cookie, an access token of any age, a refresh token in the body. If any of it is not authentic, nothing does. With a bearer token the cookie is neither ended nor cleared. With the store away the cookie is cleared all the same, and the session may live on.",
  body: signOutBody,
  bodyIsOptional: true,
  credentials: ["nothing", "cookie", "token"],
  answers: { 204: { description: "Signed out, or there was nothing to end.", setsCookie: true } },
  refusals: ["unauthenticated", "invalid_token", "store_unavailable"],
  answer: async (call, { body }) => {
    // With a bearer token the cookie is not read, so its session is not ended, and it must not be lost either.
    const cleared = isExplicit(call.located) ? {} : { cookie: call.site.cookies.clear() };
    try {
      for (const sid of await identifyAll(call, body.refresh_token))
        await call.site.engine.sessions.end({ sid }, { ...fromOf(call), why: "sign_out" });
    } catch (error) {
      if (error instanceof StoreUnavailable) return { ...signedOutHereAlone(call, error), ...cleared };
      throw error;
    }
    return { ...NO_CONTENT, headers: { "Clear-Site-Data": '"cache"' }, ...cleared };
  },
});

function signedOutHereAlone(call: Call, cause: StoreUnavailable): Refused {
  const detail =
    "The store is out of reach: what this client carried is cleared where that can be done, but the session may live on. Sign out again shortly.";
  return problem(
    new CoatcheckError("store_unavailable", { detail, retryAfter: cause.details.retryAfter ?? 1, cause }),
    call.site.engine.settings.issuer,
  );
}

/**
 * The sessions of all that was shown, whatever its age.
 * @throws {unauthenticated}
 * @throws {invalid_token} if anything of it is not authentic: then nothing ends, and nobody is told that it has.
 */
async function identifyAll(call: Call, refreshToken: string | undefined): Promise<ReadonlySet<Sid>> {
  const { located } = call;
  const sids = new Set<Sid>();
  if (refreshToken !== undefined)
    sids.add(
      await identify(
        call,
        "token",
        refreshToken,
        new CoatcheckError("unauthenticated", { detail: "The refresh token is not one of this server's." }),
      ),
    );
  if (located.carrier !== null)
    sids.add(await identify(call, located.carrier, located.credential, new CoatcheckError(NOT_AUTHENTIC[located.carrier])));
  else if (located.reason === "ambiguous")
    throw new CoatcheckError("unauthenticated", { detail: "Two cookies of ours with different values: neither counts." });
  return sids;
}

const NOT_AUTHENTIC = { cookie: "unauthenticated", token: "invalid_token" } as const;

async function identify({ site, now }: Call, carrier: CarrierName, credential: string, otherwise: CoatcheckError): Promise<Sid> {
  const sid = await site.engine.carriers[carrier].identify(credential, now);
  if (sid === null) throw otherwise;
  return sid;
}
