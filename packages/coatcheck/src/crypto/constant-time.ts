import { timingSafeEqual } from "node:crypto";

/** Whether two secrets, or their hashes, are the same bytes. Takes as long for a near miss as for a far one; their lengths are no secret. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && timingSafeEqual(a, b);
}
