import type { Keys, SigningKeyRecord } from "../../core/ports.ts";
import { keyWrites } from "../key-changes.ts";
import { append } from "./log.ts";
import type { Memory, Tables } from "./tables.ts";

export function memoryKeys(memory: Memory): Keys {
  return {
    list: () => all(memory.read()),

    change(decide, now) {
      const keys = all(memory.read());
      const { save, remove, revoked } = keyWrites(keys, decide(keys), now);
      if (save.length + remove.length === 0) return all(memory.read());
      const tables = memory.write();
      for (const key of save) tables.keys.set(key.kid, copyKey(key));
      for (const kid of remove) tables.keys.delete(kid);
      for (const kid of revoked) append(tables, "key", kid, now);
      append(tables, "invalidate-keys", "", now);
      return all(tables);
    },
  };
}

function all({ keys }: Tables): SigningKeyRecord[] {
  return [...keys.values()].sort((a, b) => a.createdAt - b.createdAt).map(copyKey);
}

function copyKey(key: SigningKeyRecord): SigningKeyRecord {
  return { ...key, sealed: key.sealed === null ? null : new Uint8Array(key.sealed) };
}
