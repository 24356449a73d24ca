import type { Keys, SigningKeyRecord } from "../../core/ports.ts";
import type { Memory, Tables } from "./tables.ts";

export function memoryKeys(memory: Memory): Keys {
  return {
    list: () => all(memory.read()),

    ensure(candidate) {
      const tables = memory.write();
      const known = [...tables.keys.values()].some((key) => key.alg === candidate.alg);
      if (!known) tables.keys.set(candidate.kid, copyKey(candidate));
      return all(tables);
    },
  };
}

function all({ keys }: Tables): SigningKeyRecord[] {
  return [...keys.values()].sort((a, b) => a.createdAt - b.createdAt).map(copyKey);
}

function copyKey(key: SigningKeyRecord): SigningKeyRecord {
  return { ...key, sealed: new Uint8Array(key.sealed) };
}
