import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RawConnection, statuses } from "./raw.ts";
import { freePort } from "../support/ports.ts";

const CLI = fileURLToPath(new URL("../../src/cli/index.ts", import.meta.url));
const PERSON = { email: "ada@example.com", password: "violet-otter-harbour-42" };

let folder: string;
const running = new Set<Server>();

beforeEach(() => {
  folder = realpathSync.native(mkdtempSync(join(tmpdir(), "coatcheck-process-")));
});
afterEach(async () => {
  for (const server of running) await server.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

/** Nothing of whoever runs the tests: their own settings must not decide. */
function environment(own: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { PATH: process.env["PATH"] ?? "", HOME: join(folder, "home"), LOCALAPPDATA: join(folder, "local"), ...own };
}

/** The command as a process that ends by itself. */
function run(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
    cwd: folder,
    env: environment(env),
    encoding: "utf8",
    timeout: 60_000,
  });
  return { status, stdout, stderr };
}

class Server {
  readonly #child: ReturnType<typeof spawn>;
  readonly exited: Promise<unknown[]>;
  output = "";
  log = "";

  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.#child = spawn(process.execPath, [CLI, "serve", "--port", "0", ...args], {
      cwd: folder,
      env: environment(env),
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.exited = once(this.#child, "exit");
    this.#child.stdout?.on("data", (chunk: Buffer) => (this.output += chunk.toString()));
    this.#child.stderr?.on("data", (chunk: Buffer) => (this.log += chunk.toString()));
    running.add(this);
  }

  /** @returns its address, once it has said that it answers. */
  async ready(): Promise<string> {
    const isUp = (): boolean => this.output.includes("sign-in\n") || this.output.includes("opens it\n");
    const ended = this.exited.then(() => "ended");
    while (!isUp()) {
      const next = await Promise.race([once(this.#child.stdout as NodeJS.ReadableStream, "data"), ended]);
      if (next === "ended") throw new Error(`ended before it was ready: ${this.log}`);
    }
    return /open {4}(\S+)/.exec(this.output)?.[1] as string;
  }

  /** Resolves when it has logged that event. */
  async logs(event: string): Promise<void> {
    while (!this.log.includes(`"event":"${event}"`)) await once(this.#child.stderr as NodeJS.ReadableStream, "data");
  }

  closeOutput(): void {
    this.#child.stdout?.destroy();
  }

  /** @returns its exit status, or the signal that ended it. */
  async kill(signal: NodeJS.Signals): Promise<unknown> {
    this.#child.kill(signal);
    const [status, by] = await this.exited;
    running.delete(this);
    return status ?? by;
  }

  get pid(): number {
    return this.#child.pid as number;
  }
}

async function start(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<Server & { readonly url: string }> {
  const server = new Server(args, env);
  return Object.assign(server, { url: await server.ready() });
}

function post(url: string, path: string, body: object): Promise<Response> {
  return fetch(url + path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
}

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toBe("ESRCH");
    return false;
  }
}

describe("serve", { timeout: 120_000 }, () => {
  test("keeps users, sessions and tokens over a stop and a second start, and leaves no process", async () => {
    const port = await freePort();
    const first = await start(["--port", String(port)]);
    expect(first.url).toBe(`http://localhost:${port}`);
    expect((await fetch(`${first.url}/readyz`)).status).toBe(200);
    const signedUp = await post(first.url, "/auth/sign-up", PERSON);
    expect(signedUp.status).toBe(201);
    const cookie = (signedUp.headers.getSetCookie()[0] as string).split(";", 1)[0] as string;
    const { access_token: token } = (await (await post(first.url, "/auth/sign-in", { ...PERSON, carrier: "token" })).json()) as {
      access_token: string;
    };
    expect(await first.kill("SIGTERM")).toBe(0);
    expect(lives(first.pid)).toBe(false);

    const second = await start(["--port", String(port)]);
    for (const headers of [{ cookie }, { authorization: `Bearer ${token}` }]) {
      const me = await fetch(`${second.url}/auth/me`, { headers });
      expect(me.status).toBe(200);
      expect(await me.json()).toMatchObject({ user: { email: PERSON.email } });
    }
    expect((await post(second.url, "/auth/sign-in", PERSON)).status).toBe(200);
    expect(await second.kill("SIGINT")).toBe(0);
    expect(lives(second.pid)).toBe(false);
  });

  test("prints a curl line for each carrier, and they work as they stand", async () => {
    const server = await start();
    const lines = server.output.split("\n").flatMap((line) => /^ {2}(curl.*)/.exec(line)?.[1] ?? []);
    expect(lines).toHaveLength(2);
    const cookie = await shell(lines[0] as string);
    const token = await shell(lines[1] as string);
    const [signedUp, me] = cookie
      .replace("}{", "}\n{")
      .split("\n")
      .map((text) => JSON.parse(text) as object);
    expect(signedUp).toMatchObject({ session: { carrier: "cookie" } });
    expect(me).toMatchObject({ session: { carrier: "cookie" } });
    expect(JSON.parse(token)).toMatchObject({ token_type: "Bearer", session: { carrier: "token" } });
    expect(await server.kill("SIGTERM")).toBe(0);
  });

  test("serves the pages, the API and 404, each at its exact spelling alone", async () => {
    const { url } = await start(["--store", "memory:"]);
    const answers = await Promise.all(
      ["/sign-in", "/auth/me", "/healthz", "/nothing", "/sign-in/", "//sign-in"].map((path) => fetch(url + path, { redirect: "manual" })),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 401, 200, 404, 404, 404]);
    expect(answers[0]?.headers.get("content-type")).toMatch(/^text\/html/);
    for (const { headers } of answers) expect([headers.get("server"), headers.get("x-powered-by")]).toEqual([null, null]);
  });

  test("the secret lies outside the folder of the data, for its owner alone; the data are nowhere else", async () => {
    const server = await start();
    const secret = /secret {2}(\S+)/.exec(server.output)?.[1] as string;
    expect(secret.startsWith(join(folder, "home"))).toBe(process.platform !== "win32");
    if (process.platform !== "win32") expect(statSync(secret).mode & 0o777).toBe(0o600);
    expect(/data {4}(\S+)/.exec(server.output)?.[1]).toBe(join(folder, "data", "coatcheck.db"));
    expect(existsSync(join(folder, "data", "coatcheck.db"))).toBe(true);
    await server.kill("SIGTERM");
  });

  test("an issuer from the file and a secret from the environment: sign-up is closed there, and no secret is made", async () => {
    writeFileSync(join(folder, "coatcheck.config.json"), `\uFEFF{"issuer": "https://login.example.com", "host": "127.0.0.1"}`);
    const server = await start([], { COATCHECK_SECRET: "oq7PxZpHZmzsHDmRvXq2380KDg8Nrg51ZwAA2nrFp6g" });
    const url = /pass it on to (\S+?)\)/.exec(server.output)?.[1] as string;
    expect((await post(url, "/auth/sign-up", PERSON)).status).toBe(403);
    expect((await fetch(`${url}/healthz`)).headers.get("strict-transport-security")).toContain("max-age=63072000");
    expect(existsSync(join(folder, "home"))).toBe(false);
    expect(server.output + server.log).not.toContain("oq7PxZpHZmzsHDmRvXq2380KDg8Nrg51ZwAA2nrFp6g");
    await server.kill("SIGTERM");
  });

  test("asked to stop it finishes what is in flight, takes nothing new, and ends", async () => {
    const server = await start(["--store", "memory:"]);
    const port = Number(new URL(server.url).port);
    const body = JSON.stringify(PERSON);
    const busy = new RawConnection(port);
    busy.send(
      `POST /auth/sign-up HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`,
    );
    await busy.until((heard) => heard.includes("100 Continue"));
    const status = server.kill("SIGTERM");
    await server.logs("stopping");
    await expect(fetch(`${server.url}/healthz`)).rejects.toThrow("fetch failed");
    busy.send(body);
    expect(statuses(await busy.toEnd())).toEqual([100, 201]);
    expect(await status).toBe(0);
  });

  test("a rejection that nobody handles is logged, and the process ends with status 1", async () => {
    const hook = "process.on('SIGUSR2', () => void Promise.reject(new Error('boom')))";
    const server = await start(["--store", "memory:"], { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(hook)}` });
    expect(await server.kill("SIGUSR2")).toBe(1);
    expect(server.log).toMatch(/"level":"error",.*"message":"boom",.*"event":"crashed"/);
  });

  test("whoever reads the start lines may close the pipe", async () => {
    const port = await freePort();
    const server = new Server(["--port", String(port), "--store", "memory:"]);
    server.closeOutput();
    await server.logs("stdout_closed");
    expect((await fetch(`http://localhost:${port}/readyz`)).status).toBe(200);
    expect(await server.kill("SIGTERM")).toBe(0);
  });

  test("warns of what is dangerous", async () => {
    const server = await start(["--store", "memory:", "--host", "0.0.0.0", "--throttle", "off"]);
    expect(server.log).toContain("others can reach the address 0.0.0.0");
    expect(server.log).toContain("the throttle is off");
    await server.kill("SIGTERM");
  });
});

describe("what can't be done is one line and status 1", { timeout: 60_000 }, () => {
  test("the port is taken", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    const child = spawn(process.execPath, [CLI, "serve", "--port", String(port), "--store", "memory:"], {
      cwd: folder,
      env: environment(),
    });
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    expect(await once(child, "exit")).toEqual([1, null]);
    other.close();
    expect(stderr).toBe(`coatcheck: port ${port} on 127.0.0.1 is taken: stop what listens there, or choose another with --port\n`);
  });

  test("the store is a folder, or lies under a file, or is no database, or a broken one", () => {
    mkdirSync(join(folder, "data", "sub"), { recursive: true });
    writeFileSync(join(folder, "data", "file"), "x".repeat(4_096));
    writeFileSync(join(folder, "data", "broken"), brokenDatabase());
    for (const name of ["data/sub", "data/file/app.db", "data/file", "data/broken"]) {
      const { status, stdout, stderr } = run(["serve", "--port", "0", "--store", `sqlite:${name}`]);
      expect(stderr).toMatch(/^coatcheck: [^\n]+: [^\n]+ (for the store|with --store)\n$/);
      expect(stderr).toContain(name);
      expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    }
  });
});

/** An SQLite file whose header is right (https://www.sqlite.org/fileformat2.html §1.3) and whose first page is not. */
function brokenDatabase(): Buffer {
  const file = Buffer.alloc(8_192, 0xff);
  file.write("SQLite format 3\0", 0, "latin1");
  file.set([0x10, 0x00, 1, 1, 0, 64, 32, 32], 16);
  file.writeUInt32BE(2, 28);
  file.writeUInt32BE(4, 44);
  file.writeUInt32BE(1, 56);
  return file;
}

/** What a line prints when it is pasted into a terminal in the test's folder. */
async function shell(line: string): Promise<string> {
  const child = spawn(line.replaceAll("curl ", "curl -s "), { shell: true, cwd: folder });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  await once(child, "close");
  return text;
}
