import { describe, expect, it } from "vitest";
import { allowedOrigins, mayCall } from "../../src/http/origin.ts";

const ISSUER = "https://id.example.com/login";
const FRIEND = "https://app.example.net";
const allowed = allowedOrigins({ issuer: ISSUER, origins: new Set([FRIEND]) });

const SITES = ["same-origin", "none", "same-site", "cross-site", "junk", "", null] as const;
const ORIGINS = {
  absent: null,
  null: "null",
  same: "https://id.example.com",
  friend: FRIEND,
  sameSite: "https://evil.example.com",
  cross: "https://evil.test",
  junk: "not an origin",
  empty: "",
  prefix: "https://id.example.com.evil.test",
  port: "https://id.example.com:8443",
  scheme: "http://id.example.com",
  withPath: "https://id.example.com/login",
  upperCase: "HTTPS://ID.EXAMPLE.COM",
  two: "https://id.example.com, https://evil.test",
} as const;

/** The contract's sentence as a table: by `Sec-Fetch-Site` (rows) and `Origin`, with and without our cookie. */
function expected(site: (typeof SITES)[number], origin: keyof typeof ORIGINS, carriesCookie: boolean): boolean {
  if (site === "same-origin" || site === "none") return true;
  if (origin === "same" || origin === "friend") return true;
  return origin === "absent" && site === null && !carriesCookie;
}

describe("who may call from where", () => {
  const cases = SITES.flatMap((site) =>
    (Object.keys(ORIGINS) as (keyof typeof ORIGINS)[]).flatMap((origin) =>
      [true, false].map((carriesCookie) => ({ site, origin, carriesCookie })),
    ),
  );

  it.each(cases)("Sec-Fetch-Site $site, Origin $origin, our cookie $carriesCookie", ({ site, origin, carriesCookie }) => {
    expect(mayCall({ site, origin: ORIGINS[origin], carriesCookie }, allowed)).toBe(expected(site, origin, carriesCookie));
  });

  it("lets few of them through", () => {
    const passing = cases.filter(({ site, origin, carriesCookie }) => mayCall({ site, origin: ORIGINS[origin], carriesCookie }, allowed));
    // 2 sites × 14 origins × 2, then 2 origins × 5 sites × 2, then the one without either header and without a cookie.
    expect(passing).toHaveLength(56 + 20 + 1);
  });

  it("never takes null, even from a list that holds it", () => {
    expect(mayCall({ site: null, origin: "null", carriesCookie: false }, new Set(["null"]))).toBe(false);
  });
});
