import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { npm } from "../support/npm.ts";
import { INSTALL, node, pack, REPOSITORY } from "./packed.ts";
import { freePort } from "../support/ports.ts";

const NEXT = "node_modules/next/dist/bin/next";
const TSC = join(REPOSITORY, "node_modules", "typescript", "bin", "tsc");
const QUIET = { NEXT_TELEMETRY_DISABLED: "1", NODE_ENV: "production" };

/** How each application is checked or built, and then started, by Node in its folder. */
const APPLICATIONS = {
  express: { build: [TSC, "-p", "."], start: ["server.ts"] },
  fastify: { build: [TSC, "-p", "."], start: ["server.ts"] },
  next: { build: [NEXT, "build"], start: [NEXT, "start", "--hostname", "localhost"] },
} as const;

type Name = keyof typeof APPLICATIONS;
const NAMES = Object.keys(APPLICATIONS) as Name[];

const folder = mkdtempSync(join(tmpdir(), "coatcheck-examples-"));

let packing: Promise<string> | null = null;
const packed = (): Promise<string> => (packing ??= pack(join(folder, "packed")));

function say(what: string): void {
  process.stderr.write(`examples: ${what}\n`);
}

/** A copy of the example with the tarball and its framework, as its README's reader would install them. */
async function install(name: Name, tarball: string): Promise<void> {
  say(`installing ${name}`);
  const at = join(folder, name);
  cpSync(join(REPOSITORY, "examples", name), at, { recursive: true });
  await npm([...INSTALL, "--no-package-lock", "--include=dev", tarball], at);
}

interface Running {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts the application as a process of its own; resolves as soon as it answers. */
async function start(name: Name): Promise<Running> {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const at = join(folder, name);
  const env = { ...process.env, ...QUIET, ISSUER: url, PORT: String(port), XDG_STATE_HOME: join(folder, `${name}-state`) };
  const child = spawn(process.execPath, APPLICATIONS[name].start, { cwd: at, env, stdio: ["ignore", "pipe", "pipe"] });
  const exited = once(child, "exit");
  await new Promise<void>((resolve, reject) => {
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (text: Buffer) => {
        output += text.toString();
        if (/ready/i.test(output)) resolve();
      });
    }
    void exited.then(() => reject(new Error(`${name} stopped before it was ready:\n${output}`)));
  });
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    await exited;
  };
  return { url, stop };
}

const ADA = { email: "ada@example.com", password: "correct horse battery" };
const GRACE = { email: "grace@example.com", password: "staple for a tin can" };

describe.each(NAMES)("the example application in %s", { timeout: 60_000 }, (name) => {
  let app: Running;

  beforeAll(async () => {
    await install(name, await packed());
    say(`building ${name}`);
    const built = await node(APPLICATIONS[name].build, join(folder, name), QUIET);
    if (built.status !== 0) throw new Error(built.stdout + built.stderr);
    app = await start(name);
  }, 600_000);
  afterAll(() => app?.stop());

  const logIn = (body: object): Promise<Response> =>
    fetch(`${app.url}/login`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

  /** What a client of that carrier sends with every request from now on. */
  async function credentials(person: object, carrier: string): Promise<Record<string, string>> {
    const answer = await logIn({ ...person, carrier });
    expect(answer.status).toBe(200);
    const [cookie] = answer.headers.getSetCookie();
    const tokens = (await answer.json()) as { access_token: string } | null;
    expect(cookie === undefined).toBe(carrier === "token");
    expect(tokens === null).toBe(carrier === "cookie");
    return tokens === null ? { cookie: cookie?.split(";", 1)[0] ?? "" } : { authorization: `Bearer ${tokens.access_token}` };
  }

  const hello = async (headers: Record<string, string>): Promise<string> => {
    const answer = await fetch(`${app.url}/hello`, { headers });
    return `${answer.status} ${await answer.text()}`;
  };

  const signOut = (headers: Record<string, string>, origin: string): Promise<Response> =>
    fetch(`${app.url}/auth/sign-out`, { method: "POST", headers: { ...headers, origin } });

  it.each(["cookie", "token"])("logs in, knows, and logs out again by %s", async (carrier) => {
    const [ada, elsewhere, grace] = [await credentials(ADA, carrier), await credentials(ADA, carrier), await credentials(GRACE, carrier)];
    expect(await hello(ada)).toBe("200 Hello, Ada.");
    expect(await hello(grace)).toBe("200 Hello, Grace.");
    const me = await fetch(`${app.url}/auth/me`, { headers: ada });
    expect(await me.json()).toMatchObject({ user: { id: "1", roles: ["editor"] }, session: { carrier, amr: ["pwd"] } });

    expect((await signOut(ada, app.url)).status).toBe(204);
    expect(await hello(ada)).toBe("401 Log in first.");
    expect((await fetch(`${app.url}/auth/me`, { headers: ada })).status).toBe(401);
    expect([await hello(elsewhere), await hello(grace)]).toEqual(["200 Hello, Ada.", "200 Hello, Grace."]);
  });

  it("lets nobody in without a proof", async () => {
    expect(await hello({})).toBe("401 Log in first.");
    expect(await hello({ cookie: "coatcheck=made-up", authorization: "Bearer made.up.too" })).toBe("401 Log in first.");
    for (const wrong of [
      { ...ADA, password: GRACE.password },
      { ...ADA, email: GRACE.email },
      { ...ADA, email: "nobody@example.com" },
      { email: ["ada@example.com"] },
      {},
      [],
    ]) {
      const answer = await logIn(wrong);
      expect([answer.status, answer.headers.getSetCookie(), await answer.text()], JSON.stringify(wrong)).toEqual([
        401,
        [],
        "The address or the password is wrong.",
      ]);
    }
    const form = await fetch(`${app.url}/login`, { method: "POST", body: new URLSearchParams(ADA) });
    expect([form.status >= 400, form.status < 500, form.headers.getSetCookie()]).toEqual([true, true, []]);
  });

  it("mounts every group of routes: a body, a form, the public keys, and what is not there", async () => {
    const answer = await logIn({ ...ADA, carrier: "token" });
    const { refresh_token: token } = (await answer.json()) as { refresh_token: string };
    const body = new URLSearchParams({ grant_type: "refresh_token", refresh_token: token });
    const refreshed = await fetch(`${app.url}/oauth/token`, { method: "POST", body });
    expect(refreshed.status).toBe(200);
    const { refresh_token: next } = (await refreshed.json()) as { refresh_token: string };
    const out = await fetch(`${app.url}/auth/sign-out`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ refresh_token: next }),
    });
    expect(out.status).toBe(204);
    const jwks = await fetch(`${app.url}/.well-known/jwks.json`);
    expect(await jwks.json()).toMatchObject({ keys: [{ kty: "EC" }] });
    const absent = await fetch(`${app.url}/auth/sign-in`, {
      method: "POST",
      body: JSON.stringify(ADA),
      headers: { "content-type": "application/json" },
    });
    expect([absent.status, absent.headers.get("content-type")]).toEqual([404, "application/problem+json"]);
  });

  it("refuses a call from a foreign origin, and a second spelling of an address", async () => {
    const ada = await credentials(ADA, "cookie");
    expect((await signOut(ada, "https://evil.example")).status).toBe(403);
    expect(await hello(ada)).toBe("200 Hello, Ada.");
    expect((await fetch(`${app.url}/auth/%6de`, { headers: ada })).status).toBe(404);
  });
});

describe("the examples", () => {
  afterAll(() => rmSync(folder, { recursive: true, force: true }), 120_000);

  it("share one users table, which knows nothing of Coatcheck", () => {
    const [first, ...others] = NAMES.map((name) => readFileSync(join(REPOSITORY, "examples", name, "people.ts"), "utf8"));
    for (const other of others) expect(other).toBe(first);
    expect(first).not.toMatch(/from "coatcheck/);
  });
});
