import type * as v from "valibot";
import type { UserId } from "../core/ids.ts";
import type { UserRecord } from "../core/ports.ts";
import type { SessionRecord } from "../core/session.ts";
import { iso } from "../core/time.ts";
import type { accountSchema, sessionSchema, userSchema } from "./answers.ts";
import type { Engine } from "./engine.ts";
import type { Shown } from "./row.ts";

type ShownSession = Shown<v.InferOutput<typeof sessionSchema>>;
type ShownAccount = Shown<v.InferOutput<typeof accountSchema>>;
type ShownUser = Shown<v.InferOutput<typeof userSchema>>;

/** What an answer shows of a session: no hash, no salt, nothing that lets anybody in. Field by field, so that a new column stays inside. */
export function sessionView(session: SessionRecord): ShownSession {
  const { sid, carrier, amr, device } = session;
  return {
    sid,
    carrier,
    createdAt: iso(session.createdAt),
    lastSeenAt: iso(session.lastSeenAt),
    authTime: iso(session.authTime),
    expiresAt: iso(session.expiresAt),
    idleExpiresAt: iso(session.idleExpiresAt),
    amr,
    device: { label: device.label, userAgent: device.userAgent, ip: device.ip },
  };
}

/** What an answer shows of a built-in account. */
export function accountView({ id, email, name, roles, emailVerified, createdAt }: UserRecord): ShownAccount {
  return { id, email, name, roles, emailVerified, createdAt: iso(createdAt) };
}

/** Reads a user to show: a built-in account, or what the application's own table says. Null if they are gone or disabled. */
export async function readUser({ accounts, store, users }: Engine, id: UserId): Promise<ShownUser | null> {
  if (accounts === null) {
    const view = await users.get(id);
    return view === null || view.disabled ? null : { ...view.profile, id: view.id, roles: view.roles };
  }
  const proof = await store.users.byId(id);
  return proof === null || proof.user.disabled ? null : accountView(proof.user);
}
