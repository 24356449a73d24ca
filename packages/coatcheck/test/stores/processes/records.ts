import { randomBytes } from "node:crypto";
import { BUILT_IN_CLIENT, seq } from "../../../src/core/ids.ts";
import type { Sid, UserId } from "../../../src/core/ids.ts";
import type { NewSession, UserRecord } from "../../../src/core/ports.ts";
import { duration, instant, later } from "../../../src/core/time.ts";

export const NOW = instant(1_800_000_000_123);

export function newSession(given: Partial<NewSession>): NewSession {
  return {
    sid: randomBytes(16).toString("base64url") as Sid,
    userId: "nobody" as UserId,
    clientId: BUILT_IN_CLIENT,
    carrier: "token",
    secretHash: null,
    salt: new Uint8Array(randomBytes(16)),
    rotation: { generation: 0, wonBy: null, rotatedAt: NOW, replays: 0 },
    rsq: seq(0),
    createdAt: NOW,
    authTime: NOW,
    amr: ["pwd"],
    lastSeenAt: NOW,
    expiresAt: later(NOW, duration("1d")),
    idleExpiresAt: later(NOW, duration("1h")),
    device: { label: "", userAgent: "", ip: "" },
    data: null,
    ...given,
  };
}

export function newUser(given: Partial<UserRecord>): UserRecord {
  const id = `usr_${randomBytes(16).toString("base64url")}` as UserId;
  return { id, email: `${id}@example.org`, name: "", roles: [], emailVerified: false, disabled: false, createdAt: NOW, ...given };
}
