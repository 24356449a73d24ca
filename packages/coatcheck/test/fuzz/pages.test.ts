import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readAction, writeAction } from "../../src/pages/pending.ts";
import { createSite } from "../../src/pages/site.ts";
import { setFlash, takeFlash } from "../../src/pages/flash.ts";
import { readForm } from "../../src/pages/forms.ts";
import { createPages } from "../../src/pages/index.ts";
import type { Peer } from "../../src/pages/index.ts";
import type { Sid } from "../../src/core/ids.ts";
import type { UserProof } from "../../src/core/ports.ts";
import type { SessionRecord } from "../../src/core/session.ts";
import { COOKIE, ISSUER, openHouse } from "../http/support.ts";
import { NOW } from "../pages/fake-api.ts";
import { IS_WHOLE, SEED, TIMEOUT, tries } from "./runs.ts";
import { asHeader, bent, headerText, wildText } from "./text.ts";

const FORM = "application/x-www-form-urlencoded";
const ORIGIN = "http://localhost:3000";
const MARK = `<fuzz x='"&>`;
const PATHS = ["/", "/sign-in", "/sign-up", "/sign-out", "/account", "/account/end", "/account/end-others", "/account/end-all"];
const ALL = [...PATHS, "/account/password", "/account/confirm", "/errors", "/assets/coatcheck.css"];

const posted = (body: BodyInit, type = FORM): Request =>
  new Request(`${ORIGIN}/x`, { method: "POST", body, headers: { "content-type": type } });

describe(`forms of pages (FUZZ_SEED=${SEED})`, () => {
  const pair = fc.tuple(fc.constantFrom("email", "password", "pending", "x", "__proto__"), fc.oneof(wildText, fc.constant(MARK)));
  const sound = fc
    .array(pair, { maxLength: 4 })
    .map((pairs) => new URLSearchParams(pairs.map(([name, value]) => [name, value.toWellFormed()])).toString());
  const body = bent(sound, "&", "=", "+", "%", "%zz", "%ff", "email=a", ";", "[]", "\u00e9");

  it("are read as URLSearchParams reads them, or refused where it would guess", async () => {
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(body, async (text) => {
        const read = await readForm(posted(text), { required: ["email"], optional: ["password", "pending"] });
        if (!read.ok) {
          expect(read.code).toBe("bad_request");
          return;
        }
        taken++;
        expect(Object.entries(read.fields)).toEqual([...new URLSearchParams(text)]);
      }),
      tries(2),
    );
    if (IS_WHOLE) expect(taken).toBeGreaterThan(0);
  });

  it("come as what they say they are: every other type is refused, multipart first of all", async () => {
    const type = fc.oneof(
      bent(fc.constantFrom(FORM, `${FORM}; charset=utf-8`)),
      bent(fc.constant("multipart/form-data; boundary=x")),
      headerText,
    );
    await fc.assert(
      fc.asyncProperty(type, async (it) => {
        const request = posted("email=a", asHeader(it));
        const sent = request.headers.get("content-type") ?? "";
        const isForm = /^application\/x-www-form-urlencoded(?:[ \t]*;[ \t]*charset=(?:"utf-8"|utf-8))?[ \t]*(?:;[ \t]*)?$/i.test(sent);
        const read = await readForm(request, { required: ["email"] });
        if (read.ok) expect(isForm).toBe(true);
        else expect(read.code).toBe("unsupported_media_type");
      }),
      tries(2),
    );
  });
});

describe(`what one page tells the next (FUZZ_SEED=${SEED})`, () => {
  const site = createSite({
    issuer: ORIGIN,
    basePath: "",
    signUp: "at-once",
    clock: { now: () => NOW },
    api: () => Promise.reject(new Error("not asked")),
  });
  const shown = (cookie: string) =>
    takeFlash({ site, request: new Request(ORIGIN, { headers: { cookie } }), peer: undefined }, "/sign-in").flash;

  it("comes back as it was told", () => {
    fc.assert(
      fc.property(fc.record({ email: wildText, name: wildText }), ({ email, name }) => {
        const [cookie = ""] = setFlash(site, "/sign-in", { code: "weak_password", email, name, fields: ["/email"] }).split(";");
        const flash = shown(cookie);
        expect(flash).toMatchObject({ code: "weak_password", fields: ["/email"] });
        if (flash.email !== undefined) expect([flash.email, flash.name]).toEqual([email, name]);
      }),
      tries(),
    );
  });

  it("says nothing of its own when somebody plants it", () => {
    const planted = fc.oneof(
      fc.jsonValue(),
      fc.dictionary(
        fc.constantFrom("note", "count", "code", "fields", "retryAfter", "email", "pending"),
        fc.oneof(wildText, fc.jsonValue()),
      ),
    );
    const value = fc.oneof(bent(planted.map((it) => Buffer.from(JSON.stringify(it)).toString("base64url"))), headerText);
    fc.assert(
      fc.property(value, (it) => {
        const { note, code, count, pending, ...rest } = shown(`coatcheck-flash-sign-in=${asHeader(it)}`);
        expect([note, code].every((word) => word === undefined || /^[a-z_-]+$/i.test(word))).toBe(true);
        expect(count === undefined || (Number.isSafeInteger(count) && count >= 0)).toBe(true);
        if (pending !== undefined) expect(readAction(pending)).not.toBeNull();
        expect(Object.keys(rest).every((name) => ["fields", "retryAfter", "email", "name"].includes(name))).toBe(true);
      }),
      tries(2),
    );
  });

  it("names an action of the closed list, in one spelling", () => {
    fc.assert(
      fc.property(fc.oneof(bent(fc.constantFrom("end-others", `end:${"A".repeat(22)}`)), wildText), (text) => {
        const action = readAction(text);
        if (action !== null) expect(writeAction(action)).toBe(text);
      }),
      tries(2),
    );
  });
});

describe(`every page (FUZZ_SEED=${SEED})`, () => {
  const told = fc.record({
    email: fc.constant(MARK),
    name: fc.constant(MARK),
    fields: fc.constant(["email", MARK]),
    note: fc.constantFrom("signed-out", MARK),
  });
  const flash = fc
    .tuple(fc.constantFrom("-sign-in", "-sign-up", "-account", "-account-confirm"), told)
    .map(([page, it]) => `__Secure-coatcheck-flash${page}=${Buffer.from(JSON.stringify(it)).toString("base64url")}`);
  const form = fc.dictionary(
    fc.constantFrom("email", "password", "name", "sid", "current", "new", "pending", "x"),
    fc.oneof(fc.constantFrom(MARK, "end-others"), wildText),
    { maxKeys: 4 },
  );

  it(
    "answers what it should, whatever it is sent, and shows nothing as markup",
    async () => {
      const house = await openHouse();
      const { engine, routes } = house;
      const api = (request: Request, peer?: Peer): Promise<Response> => routes.fetch(request, peer);
      const pages = createPages({ api, issuer: ISSUER, basePath: "", signUp: "at-once", clock: house.clock });
      const { sid } = await house.arrive();
      const { userId } = (await engine.sessions.find(sid as Sid)) as SessionRecord;
      /** A session from a device that calls itself markup. */
      const enter = async (): Promise<string> => {
        const { user, head } = (await house.store.users.byId(userId)) as UserProof;
        const device = { label: MARK, userAgent: MARK, ip: MARK };
        const login = { user, rsq: head, amr: ["pwd"], carrier: "cookie", device, data: null, replaces: null } as const;
        // The fuzz signs in more often than anybody may.
        await house.store.throttles.forget([`starts:${userId}`]);
        const { shown } = await engine.sessions.start(login);
        return shown.carrier === "cookie" ? `${COOKIE}=${shown.ticket}` : "";
      };
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...ALL),
          fc.constantFrom("GET", "HEAD", "POST", "PUT"),
          fc.option(fc.oneof(flash, headerText)),
          form,
          headerText,
          async (path, method, also, fields, junk) => {
            const body = new URLSearchParams(Object.entries(fields).map(([name, value]) => [name, value.toWellFormed()])).toString();
            const headers = {
              cookie: asHeader([...(path === "/sign-in" ? [] : [await enter()]), also ?? ""].join("; ")),
              ...{ origin: ISSUER, "content-type": FORM, "user-agent": asHeader(junk) },
            };
            const url = `${ISSUER}${path}?x=${encodeURIComponent(MARK)}`;
            const response = await pages.fetch(new Request(url, { method, headers, ...(method === "POST" ? { body } : {}) }));
            expect([200, 303, 400, 401, 403, 404, 405, 413, 415, 422, 429]).toContain(response?.status);
            expect(response?.headers.get("content-security-policy")).toMatch(/default-src 'none'/);
            expect(response?.headers.get("x-content-type-options")).toBe("nosniff");
            expect(response?.headers.get("location") ?? "/").toMatch(/^\/(?!\/)/);
            const text = (await response?.text()) ?? "";
            expect(text).not.toMatch(/<fuzz|<script|x='"|node:internal|\.ts:\d/);
            await engine.sessions.endAll(userId, null, { ip: "", why: "ended_everywhere" });
          },
        ),
        tries(0.5),
      );
    },
    TIMEOUT,
  );
});
