import type { AuditEvent } from "../../../src/core/ports.ts";
import { NOW } from "../processes/records.ts";

export const movedEvent = (rows: number): AuditEvent => ({
  ...{ at: NOW, event: "store_moved", userId: null, sid: null, ip: "", carrier: null },
  detail: { rows },
});
