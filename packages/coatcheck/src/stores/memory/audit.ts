import type { Audit, AuditEvent } from "../../core/ports.ts";
import type { Memory } from "./tables.ts";

export function memoryAudit(memory: Memory): Audit {
  return {
    append(event) {
      memory.write().audit.push(copyEvent(event));
    },

    purge(before, events, limit) {
      const tables = memory.write();
      const over = tables.audit.filter((it) => it.at < before && (events === null || events.includes(it.event))).slice(0, limit);
      tables.audit = tables.audit.filter((it) => !over.includes(it));
      return over.length;
    },

    list({ userId, event }, limit) {
      return memory
        .read()
        .audit.filter((it) => (userId === undefined || it.userId === userId) && (event === undefined || it.event === event))
        .reverse()
        .sort((a, b) => b.at - a.at)
        .slice(0, limit)
        .map(copyEvent);
    },
  };
}

function copyEvent(event: AuditEvent): AuditEvent {
  return { ...event, detail: structuredClone(event.detail) };
}
