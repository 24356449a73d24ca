import type { Settings } from "../core/settings.ts";

/** What a request tells of where it comes from. */
export interface Provenance {
  /** `Sec-Fetch-Site`: set by browsers, not by script (Fetch Metadata). */
  readonly site: string | null;
  /** `Origin` (RFC 6454 §7.3, Fetch §3.2). */
  readonly origin: string | null;
  /** Whether it carries a cookie of ours, whatever its value. */
  readonly carriesCookie: boolean;
}

/** The origins that may call with credentials: the issuer's own and those of `--origins`. */
export function allowedOrigins(settings: Pick<Settings, "issuer" | "origins">): ReadonlySet<string> {
  return new Set([new URL(settings.issuer).origin, ...settings.origins]);
}

/**
 * Whether a call that changes something may come from there. Fails closed: an unknown `Sec-Fetch-Site` needs an `Origin` that is allowed, and a
 * request without either header (no browser of today) passes only if nothing ambient came with it.
 */
export function mayCall({ site, origin, carriesCookie }: Provenance, allowed: ReadonlySet<string>): boolean {
  if (site === "same-origin" || site === "none") return true;
  // `null` is what sandboxed frames and data: documents of anybody send: it names no origin.
  if (origin !== null) return origin !== "null" && allowed.has(origin);
  return site === null && !carriesCookie;
}
