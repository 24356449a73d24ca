import { RecentMap } from "../core/cache.ts";
import type { JsonValue } from "../core/session.ts";

// Thousands of remembered principals say the same: the same roles, the same methods, the same client. What is equal and can't change is kept once.

/** How many different values are remembered at least. */
const DIFFERENT = 1_024;

const texts = new RecentMap<string, string>(DIFFERENT);
const singles = new RecentMap<string, readonly string[]>(DIFFERENT);
const lists = new RecentMap<string, readonly string[]>(DIFFERENT);
const claims = new RecentMap<string, Readonly<Record<string, JsonValue>>>(DIFFERENT);

export function sharedText<T extends string>(text: T): T {
  return shared(texts, text, () => text) as T;
}

/** A frozen list of these texts. */
export function sharedList(list: readonly string[]): readonly string[] {
  const [only] = list;
  if (list.length === 1 && typeof only === "string") return shared(singles, only, () => Object.freeze([only]));
  return shared(lists, JSON.stringify(list), () => Object.freeze([...list]));
}

const NO_CLAIMS: Readonly<Record<string, JsonValue>> = Object.freeze({});

/** Frozen, as far as it goes: what has parts of its own is not shared, since an application might write into them. */
export function sharedClaims(given: Readonly<Record<string, JsonValue>>): Readonly<Record<string, JsonValue>> {
  const values = Object.values(given);
  if (values.length === 0) return NO_CLAIMS;
  if (!values.every(isPlain)) return Object.freeze({ ...given });
  return shared(claims, JSON.stringify(given), () => Object.freeze({ ...given }));
}

function isPlain(value: JsonValue): boolean {
  return typeof value === "string" || typeof value === "boolean" || value === null;
}

function shared<T>(known: RecentMap<string, T>, key: string, make: () => T): T {
  let it = known.get(key);
  if (it === undefined) known.set(key, (it = make()));
  return it;
}
