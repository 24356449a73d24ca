import { randomBytes } from "node:crypto";
import type { UserId } from "../../../src/core/ids.ts";
import type { UserProof } from "../../../src/core/ports.ts";
import type { CarrierName } from "../../../src/core/session.ts";
import { cookieName } from "../../../src/core/settings.ts";
import type { Issued } from "../../../src/carriers/carrier.ts";
import { PASSWORD } from "../support.ts";
import type { House } from "../support.ts";

/** Somebody with an account of their own and three logins: nothing that a case does reaches the next one. */
export interface Visitor {
  readonly email: string;
  readonly userId: UserId;
  /** The headers that show each credential of the document, by the name of its scheme; `""` is for none. */
  readonly shows: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly refreshToken: string;
  /** A session besides those that {@link shows} shows. */
  readonly otherSid: string;
}

/** What a house that tells its metrics lets whoever reads them show. */
export const METRICS_TOKEN = "a-token-of-the-operators";

const device = { label: "", userAgent: "", ip: "" };

/** @returns what makes visitors: the password is hashed once, for all of them. */
export async function visitorsOf(house: House): Promise<() => Promise<Visitor>> {
  const { engine, store, clock } = house;
  const { issuer } = engine.settings;
  const first = await engine.accounts?.signUp({ email: newEmail(), password: PASSWORD }, { ip: "" });
  if (first === undefined) throw new Error("there are no accounts here");
  const { passwordHash } = first;

  return async () => {
    const id = `usr_${randomBytes(16).toString("base64url")}` as UserId;
    const email = `${randomBytes(8).toString("hex")}@example.com`;
    const user = { id, email, name: "", roles: [], emailVerified: false, disabled: false, createdAt: clock.now() };
    const { head } = (await store.users.create(user, passwordHash)) as UserProof;
    const logIn = (carrier: CarrierName): Promise<Issued> =>
      engine.sessions.start({ user, rsq: head, amr: ["pwd"], carrier, device, data: null, replaces: null });
    const [cookie, token, other] = [await logIn("cookie"), await logIn("token"), await logIn("token")];
    if (cookie.shown.carrier !== "cookie" || token.shown.carrier !== "token") throw new Error("carriers are mixed up");
    const client = await house.hire();
    return {
      email,
      userId: id,
      refreshToken: token.shown.refreshToken,
      otherSid: other.session.sid,
      shows: {
        "": {},
        cookie: { cookie: `${cookieName(issuer)}=${cookie.shown.ticket}`, origin: new URL(issuer).origin },
        client: client.basic,
        metrics: { authorization: `Bearer ${METRICS_TOKEN}` },
        bearer: { authorization: `Bearer ${token.shown.accessToken}` },
      },
    };
  };
}

/** An address that nobody has. */
export function newEmail(): string {
  return `${randomBytes(8).toString("hex")}@example.com`;
}
