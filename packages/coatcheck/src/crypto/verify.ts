import { verify as nodeVerify } from "node:crypto";
import type { PublicKey } from "./jwk.ts";
import { NODE_ALGORITHMS } from "./node-algorithms.ts";

/**
 * Whether `signature` is one of this key over `input`; one of another length is none. Never throws. Synchronous: node's asynchronous form waits in the one thread
 * pool that password hashing fills.
 */
export function verify(key: PublicKey, input: Uint8Array, signature: Uint8Array): boolean {
  return nodeVerify(NODE_ALGORITHMS[key.alg.name].digest, input, key.verifyWith, signature);
}
