import { randomBytes } from "node:crypto";
import type { Random } from "../core/ports.ts";

/** The machine's cryptographically secure source. */
export const systemRandom: Random = { bytes: (count) => randomBytes(count) };
