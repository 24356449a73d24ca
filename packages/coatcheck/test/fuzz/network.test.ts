import { isIP } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { networkOf } from "../../src/accounts/network.ts";
import { canonicalAddress, createClientAddress } from "../../src/http/client-address.ts";
import { createCookies } from "../../src/http/cookies.ts";
import { describeDevice } from "../../src/http/device.ts";
import { createLocate } from "../../src/http/locate.ts";
import { mayCall } from "../../src/http/origin.ts";
import { instant } from "../../src/core/time.ts";
import { readTarget } from "../../src/http/target.ts";
import { createRouter } from "../../src/http/table.ts";
import { targetOf } from "../../src/server/target.ts";
import { openHouse } from "../http/support.ts";
import { SILENT } from "../support/engine.ts";
import { SEED, tries } from "./runs.ts";
import { bent, headerText, wildText } from "./text.ts";

const group = fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(0xffff) });

/** One IPv6 address, written as plainly as can be and in some other way. */
const twoSpellings = fc
  .tuple(fc.array(group, { minLength: 8, maxLength: 8 }), fc.boolean(), fc.boolean(), fc.boolean(), fc.nat(7), fc.constantFrom("", "%eth0"))
  .map(([groups, upper, padded, dotted, from, zone]) => {
    const plain = groups.map((it) => it.toString(16)).join(":");
    const words = groups.map((it) => it.toString(16).padStart(padded ? 4 : 1, "0"));
    const tail = dotted
      ? [
          groups
            .slice(6)
            .flatMap((it) => [it >> 8, it & 255])
            .join("."),
        ]
      : words.slice(6);
    const other = shortened([...words.slice(0, 6), ...tail], groups, from);
    return [plain, (upper ? other.toUpperCase() : other) + zone] as const;
  });

/** `::` for one run of zeros that begins at `from`, if there is one. */
function shortened(words: readonly string[], groups: readonly number[], from: number): string {
  let to = from;
  while (to < Math.min(words.length, 6) && groups[to] === 0) to++;
  return to === from ? words.join(":") : `${words.slice(0, from).join(":")}::${words.slice(to).join(":")}`;
}

describe(`addresses (FUZZ_SEED=${SEED})`, () => {
  it("have one spelling, whatever alias they come under", () => {
    fc.assert(
      fc.property(twoSpellings, ([plain, other]) => {
        expect(canonicalAddress(other)).toBe(canonicalAddress(plain));
        expect(networkOf(other)).toBe(networkOf(plain));
        expect(networkOf(canonicalAddress(plain) as string)).toBe(networkOf(plain));
      }),
      tries(3),
    );
  });

  it("are addresses, or nothing", () => {
    const text = bent(
      fc.oneof(
        fc.ipV4(),
        fc.ipV6(),
        twoSpellings.map(([, it]) => it),
        fc.constantFrom("[::1]:443", "1.2.3.4:80"),
      ),
      "::",
      ":",
      ".",
      "[",
      "]",
      "%",
    );
    fc.assert(
      fc.property(fc.oneof(text, wildText), (it) => {
        const canonical = canonicalAddress(it);
        if (canonical !== null) {
          expect(isIP(canonical)).not.toBe(0);
          expect(canonicalAddress(canonical)).toBe(canonical);
        }
        const network = networkOf(it);
        if (network !== null) expect(isIP(network.split("/", 1)[0] as string)).not.toBe(0);
      }),
      tries(3),
    );
  });

  it("of clients are the proxy's word, never the client's", () => {
    fc.assert(
      fc.property(fc.array(headerText, { maxLength: 4 }), fc.oneof(fc.ipV4(), fc.ipV6()), fc.nat(3), (junk, last, proxies) => {
        const own = createClientAddress(proxies, SILENT)("192.0.2.9", [...junk, last].join(","));
        if (proxies === 0) expect(own).toBe("192.0.2.9");
        if (proxies === 1) expect(own).toBe(canonicalAddress(last));
        expect(isIP(own)).not.toBe(0);
      }),
      tries(2),
    );
  });
});

describe(`what a request says of itself (FUZZ_SEED=${SEED})`, () => {
  it("where it comes from: nothing but the allowed origins passes", () => {
    const allowed = new Set(["https://id.example.com", "https://app.example.net"]);
    const origin = fc.option(bent(fc.constantFrom(...allowed, "null", "https://evil.test")));
    const site = fc.option(bent(fc.constantFrom("same-site", "cross-site", "none", "same-origin")));
    fc.assert(
      fc.property(origin, site, fc.boolean(), (from, sent, carriesCookie) => {
        const sameOrigin = sent === "same-origin" || sent === "none";
        const listed = from === "https://id.example.com" || from === "https://app.example.net";
        const noBrowser = from === null && sent === null && !carriesCookie;
        expect(mayCall({ origin: from, site: sent, carriesCookie }, allowed)).toBe(sameOrigin || listed || noBrowser);
      }),
      tries(2),
    );
  });

  it("its device: a label of ours, and no control character kept", () => {
    const label = /^(?:Unknown device|curl|Wget|HTTPie|Postman|Python|Go|OkHttp|Node\.js|[A-Z][A-Za-z ]+(?: on [A-Za-z]+)?)$/;
    const agent = bent(
      fc.constantFrom("Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0", "curl/8.5.0", "Edg/1 Chrome/1 Safari/1"),
      "iPhone",
      "OPR/",
      "\u0085",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          agent,
          wildText,
          wildText.map((it) => it.repeat(40)),
        ),
        (userAgent) => {
          const device = describeDevice(userAgent, "");
          expect(device.label).toMatch(label);
          expect(device.userAgent.length).toBeLessThanOrEqual(512);
          expect(device.userAgent).not.toMatch(/\p{Cc}/u);
        },
      ),
      tries(2),
    );
  });

  it("its cookie: what we set is what we find again, and nothing else can be set", () => {
    const cookies = createCookies("https://id.example.com");
    const locate = createLocate(cookies.name);
    fc.assert(
      fc.property(fc.oneof(bent(fc.string({ minLength: 1 })), wildText), fc.integer(), (value, expiresAt) => {
        if (!/^[!#-+\--:<-[\]-~]+$/.test(value)) {
          expect(() => cookies.set(value, instant(expiresAt), instant(0))).toThrow(TypeError);
          return;
        }
        const [pair = "", ...attributes] = cookies.set(value, instant(expiresAt), instant(0)).split("; ");
        expect(locate({ cookie: pair })).toMatchObject({ credential: value });
        expect(attributes).toEqual([expect.stringMatching(/^Max-Age=\d+$/), "Path=/", "Secure", "HttpOnly", "SameSite=Lax"]);
      }),
      tries(2),
    );
  });
});

const PATHS = ["/auth/me", "/auth/sessions", "/auth/sessions/AAAAAAAAAAAAAAAAAAAAAA", "/oauth/token", "/healthz", "/.well-known/jwks.json"];
const path = bent(fc.constantFrom(...PATHS), "/", "//", "/.", "/..", "%2e", "%2f", "%61", ";", "?", "#", "\\", "http://x", "@", "%00");

describe(`where a request goes (FUZZ_SEED=${SEED})`, () => {
  it("to one address for one spelling: what the URL parser would mend is found nowhere", async () => {
    const { routes } = await openHouse();
    const find = createRouter(routes.table);
    fc.assert(
      fc.property(fc.oneof(path, wildText), (text) => {
        const found = find(text);
        if (found === null) return;
        const filled = found.path.replace(/\{(\w+)\}/g, (_, name: string) => found.params[name] as string);
        expect(filled).toBe(text);
        expect(new URL(`https://h${text}`).pathname).toBe(text);
      }),
      tries(5),
    );
  });

  it("to the path that stood on the wire, or it is not canonical", () => {
    fc.assert(
      fc.property(path, (text) => {
        const target = targetOf({ url: text, rawHeaders: ["Host", "localhost"] });
        const url = target === null ? null : URL.parse(`https://id.example.com${target}`);
        if (target === null || url === null) return;
        const read = readTarget(new Request(url), { target: text });
        const sent = (target.split("#", 1)[0] as string).split("?", 1)[0];
        expect(read.isCanonical).toBe(sent === url.pathname);
        expect(url.host).toBe("id.example.com");
        if (read.isCanonical) expect(read.path).toBe(sent);
      }),
      tries(3),
    );
  });

  it("to nobody, if it names two hosts or one that can't be", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom("Host", "host", "HOST", "X-Host"), headerText), { maxLength: 3 }), (headers) => {
        const hosts = headers.filter(([name]) => name.toLowerCase() === "host").map(([, value]) => value);
        const sound = hosts.length <= 1 && hosts.every((host) => !/[^\x21-\x7e]|[/\\?#@"<>^`{|}]/.test(host));
        expect(targetOf({ url: "/auth/me", rawHeaders: headers.flat() })).toBe(sound ? "/auth/me" : null);
      }),
      tries(2),
    );
  });
});
