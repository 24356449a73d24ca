import type { From } from "../carriers/register.ts";
import type { MaybePromise } from "../core/maybe.ts";
import { isLocal } from "../core/settings.ts";
import { createCheck } from "./check.ts";
import { createClientAddress } from "./client-address.ts";
import type { ClientAddress } from "./client-address.ts";
import { createCookies } from "./cookies.ts";
import type { Cookies } from "./cookies.ts";
import type { Check, Credentials, Engine } from "./engine.ts";
import type { HeaderPolicy } from "./headers.ts";
import { createLocate } from "./locate.ts";
import type { Located } from "./locate.ts";
import { allowedOrigins } from "./origin.ts";

/** What every call at this issuer shares: the engine, and what its settings make of HTTP. */
export interface Site {
  readonly engine: Engine;
  readonly cookies: Cookies;
  readonly headers: HeaderPolicy;
  /** The issuer's origin and those of `--origins`. */
  readonly allowed: ReadonlySet<string>;
  readonly locate: (credentials: Credentials) => Located;
  readonly check: Check;
  readonly addressOf: ClientAddress;
}

export function createSite(engine: Engine): Site {
  const { settings, clock, log, carriers } = engine;
  const cookies = createCookies(settings.issuer);
  const locate = createLocate(cookies.name);
  return {
    engine,
    cookies,
    locate,
    headers: { https: !isLocal(settings.issuer), origins: settings.origins },
    allowed: allowedOrigins(settings),
    check: createCheck(locate, carriers, clock, engine.metrics, () => void auditAmbiguous(engine, { ip: "" })),
    addressOf: createClientAddress(settings.trustedProxies, log),
  };
}

/** Two cookies of ours with different values: a sibling host may have planted one (RFC 6265bis §8.6). */
export function auditAmbiguous(engine: Engine, { ip, device }: From): MaybePromise<void> {
  const detail = device === undefined ? {} : { device };
  return engine.audit({ event: "ambiguous_cookie", userId: null, sid: null, ip, carrier: "cookie", detail });
}
