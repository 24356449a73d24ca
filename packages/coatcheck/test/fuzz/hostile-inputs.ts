import { openHouse, ISSUER, COOKIE } from "../http/support.ts";
import { createPages } from "../../src/pages/index.ts";

/** One input that was made to cost as much as it can, and the call that it is sent with. */
export interface HostileInput {
  readonly name: string;
  readonly send: () => Promise<unknown>;
}

/** What is made of each size: bait for expressions that backtrack, for parsers that recurse, for loops in loops. */
const SHAPES: Readonly<Record<string, (size: number) => string>> = {
  "one letter": (size) => "a".repeat(size),
  "blanks and an end": (size) => `${" ".repeat(size)}x`,
  "blanks in between": (size) => `x${"\t ".repeat(size / 2)}x`,
  commas: (size) => ",".repeat(size),
  semicolons: (size) => ";".repeat(size),
  "semicolons and blanks": (size) => "; ".repeat(size / 2),
  quotes: (size) => '"'.repeat(size),
  backslashes: (size) => "\\".repeat(size),
  dots: (size) => ".".repeat(size),
  addresses: (size) => "1.2.3.4, ".repeat(size / 9),
  colons: (size) => ":".repeat(size),
  brackets: (size) => "[".repeat(size),
  "our name": (size) => `${COOKIE}=`.repeat(size / 22),
  "our cookie": (size) => `${COOKIE}=a; `.repeat(size / 26),
  "our cookie after blanks": (size) => `x=1;${" ".repeat(400)}${COOKIE}=a`.repeat(size / 430),
  "control characters": (size) => "\u0085".repeat(size),
  "names of browsers": (size) => "Edg/ Chrome/ Safari/ ".repeat(size / 21),
};

const HEADERS = [
  "cookie",
  "authorization",
  "origin",
  "sec-fetch-site",
  "content-type",
  "content-encoding",
  "content-length",
  "x-forwarded-for",
  "user-agent",
];
/** So that what follows is reached: the scheme, the type. */
const STARTS: Readonly<Record<string, readonly string[]>> = {
  authorization: ["", "Bearer ", "Basic "],
  "content-type": ["", "application/json", "application/x-www-form-urlencoded", "application/json;", "multipart/form-data; boundary="],
};

const BODIES: Readonly<Record<string, (size: number) => string>> = {
  "deep arrays": (size) => "[".repeat(size / 2) + "]".repeat(size / 2),
  "deep objects": (size) => '{"a":'.repeat(size / 6) + "1" + "}".repeat(size / 6),
  "an open string": (size) => `{"email":"${"a".repeat(size)}`,
  escapes: (size) => `{"email":"${"\\u0061".repeat(size / 7)}","password":"a"}`,
  "many members": (size) => `{${Array.from({ length: Math.floor(size / 12) }, (_, at) => `"a${at}":1`).join(",")}}`,
  "one member often": (size) => `{${'"email":"a",'.repeat(size / 13)}"email":"a"}`,
  "a long password": (size) => JSON.stringify({ email: "ada@example.com", password: "é".repeat(size / 3) }),
  "a long address": (size) => JSON.stringify({ email: `${"a.".repeat(size / 3)}@${"b.".repeat(size / 6)}c`, password: "x" }),
  "a dotted address": (size) => JSON.stringify({ email: `${"a.".repeat(120)}@example.com`, password: "x".repeat(size / 2) }),
  "a number": (size) => `{"email":${"9".repeat(size / 2)}}`,
};

const FORMS: Readonly<Record<string, (size: number) => string>> = {
  "many fields": (size) => Array.from({ length: Math.floor(size / 8) }, (_, at) => `a${at}=1`).join("&"),
  "one field often": (size) => "token=a&".repeat(size / 8),
  "percent signs": (size) => `token=${"%".repeat(size - 10)}`,
  "a long token": (size) => `token=${"a".repeat(size - 10)}`,
  "a token of dots": (size) => `token=${".".repeat(size - 10)}`,
  ampersands: (size) => "&".repeat(size),
};

/** Hostile inputs through the doors that strangers use. @param header how long a header may get. @param body how long a body. */
export async function hostileInputs(header: number, body: number): Promise<readonly HostileInput[]> {
  const house = await openHouse({ options: { trustedProxies: 2 } });
  const { routes } = house;
  const pages = createPages({
    api: (request) => routes.fetch(request),
    issuer: ISSUER,
    basePath: "",
    signUp: "at-once",
    clock: house.clock,
  });
  const ask = (path: string, init: RequestInit): Promise<Response> =>
    routes.fetch(new Request(ISSUER + path, init), { address: "192.0.2.1" });
  const own = { origin: ISSUER };
  const json = { ...own, "content-type": "application/json" };
  const form = { ...own, "content-type": "application/x-www-form-urlencoded" };
  const inputs: HostileInput[] = [];
  for (const name of HEADERS) {
    for (const [shape, make] of Object.entries(SHAPES)) {
      for (const start of STARTS[name] ?? [""]) {
        const headers = { ...own, [name]: start + make(header) };
        inputs.push(
          { name: `${name}: ${start}${shape}`, send: () => ask("/auth/sign-out", { method: "POST", body: "{}", headers }) },
          { name: `${name}: ${start}${shape} (form)`, send: () => ask("/oauth/revoke", { method: "POST", body: "token=a", headers }) },
          {
            name: `${name}: ${start}${shape} (page)`,
            send: () => page("/sign-in", { method: "POST", body: "email=a&password=b", headers }),
          },
        );
      }
    }
  }
  async function page(path: string, init: RequestInit): Promise<unknown> {
    return pages.fetch(new Request(ISSUER + path, init));
  }
  for (const [shape, make] of Object.entries(BODIES))
    inputs.push({ name: `JSON: ${shape}`, send: () => ask("/auth/sign-in", { method: "POST", headers: json, body: make(body) }) });
  for (const [shape, make] of Object.entries(FORMS)) {
    inputs.push(
      { name: `form: ${shape}`, send: () => ask("/oauth/revoke", { method: "POST", headers: form, body: make(body) }) },
      { name: `form of a page: ${shape}`, send: () => page("/sign-in", { method: "POST", headers: form, body: make(body) }) },
      { name: `query: ${shape}`, send: () => ask(`/auth/sessions?${make(header)}`, { method: "DELETE", headers: own }) },
    );
  }
  for (const [shape, make] of Object.entries(SHAPES))
    inputs.push({
      name: `path: ${shape}`,
      send: () => ask(`/auth/sessions/${encodeURIComponent(make(header / 3))}`, { method: "DELETE", headers: own }),
    });
  return inputs;
}
