import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { beside, json } from "../cli/support.ts";
import { startServer } from "../support/server.ts";
import type { RunningServer } from "../support/server.ts";
import { freePort } from "../support/ports.ts";

const SERVICE = fileURLToPath(new URL("./service.ts", import.meta.url));
const PASSWORD = "correct horse battery";

/** A service in a process of its own, which knows of no store. */
class Service {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (answer: { readonly word: string; readonly env: readonly string[] }) => void>();
  #asked = 0;

  constructor(env: Readonly<Record<string, string>>) {
    this.#child = fork(SERVICE, { env, stdio: ["ignore", "inherit", "ignore", "ipc"] });
    this.#child.on("message", (answer: { readonly id: number; readonly word: string; readonly env: readonly string[] }) =>
      this.#waiting.get(answer.id)?.(answer),
    );
  }

  ask(token: string): Promise<{ readonly word: string; readonly env: readonly string[] }> {
    const id = (this.#asked += 1);
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#child.send({ id, token });
    });
  }

  /** Asks until it says this; what it says until then must be one of `meanwhile`. */
  async until(token: string, word: string, meanwhile: readonly string[]): Promise<void> {
    for (;;) {
      const said = (await this.ask(token)).word;
      if (said === word) return;
      if (!meanwhile.includes(said)) throw new Error(`it said ${said}, waiting for ${word}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async stop(): Promise<void> {
    const exited = once(this.#child, "exit");
    this.#child.disconnect();
    await exited;
  }
}

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function signIn(url: string, path: "sign-up" | "sign-in"): Promise<string> {
  const body = JSON.stringify({ email: "ada@example.com", password: PASSWORD, carrier: "token" });
  const response = await fetch(`${url}/auth/${path}`, { method: "POST", body, headers: { "content-type": "application/json" } });
  return ((await response.json()) as { access_token: string }).access_token;
}

describe("a service with a verifier, beside the server", { timeout: 60_000 }, () => {
  it("hears of every end, outlives the server's death and its new keys, and says that it can't know when it can't", async () => {
    const folder = await mkdtemp(join(tmpdir(), "coatcheck-verifier-"));
    cleanUps.push(() => rm(folder, { recursive: true }));
    const port = await freePort();
    const start = (): Promise<RunningServer> => startServer(folder, ["--port", String(port), "--bound", "1s"]);

    // A client for the service; then the server goes, and the service is there first.
    let server = await start();
    const { id, secret } = json(await beside(server, ["client", "add", "Report", "--json", "--issuer", server.url])) as {
      id: string;
      secret: string;
    };
    const first = await signIn(server.url, "sign-up");
    await server.stop();
    const env = { PATH: process.env["PATH"] ?? "", ISSUER: server.url, CLIENT_ID: id, CLIENT_SECRET: secret };
    const services = [new Service({ ...env, WHEN_STALE: "introspect" }), new Service({ ...env, WHEN_STALE: "refuse" })];
    for (const service of services) cleanUps.push(() => service.stop());
    const all = async (token: string, word: string, ...meanwhile: readonly string[]): Promise<unknown> =>
      Promise.all(services.map((service) => service.until(token, word, meanwhile)));
    for (const service of services) {
      const { word, env: names } = await service.ask(first);
      expect(word).toBe("store_unavailable");
      expect(names.filter((name) => /STORE|SECRET_FILE|DATABASE|PG/.test(name))).toEqual([]);
    }

    server = await start();
    cleanUps.push(() => server.stop());
    await all(first, "ok memory", "store_unavailable", "ok introspection");

    // It ends on the server, and so it does there.
    const ended = await fetch(`${server.url}/auth/sessions`, { method: "DELETE", headers: { authorization: `Bearer ${first}` } });
    expect(ended.status).toBe(200);
    await all(first, "ended", "ok memory");

    const second = await signIn(server.url, "sign-in");
    await all(second, "ok memory");
    server.process.kill("SIGKILL");
    await once(server.process, "exit");
    await all(second, "ok memory");
    await all(second, "store_unavailable", "ok memory");
    // What has ended stays so, whoever is away.
    await all(first, "ended");
    server = await start();
    await all(second, "ok memory", "store_unavailable", "ok introspection");

    // New keys: the next is published, and does no harm; a compromised one takes with it what it signed.
    await beside(server, ["key", "rotate", "--issuer", server.url]);
    await all(second, "ok memory");
    await beside(server, ["key", "rotate", "--compromised", "--issuer", server.url]);
    await all(second, "forged", "ok memory");
    const third = await signIn(server.url, "sign-in");
    await all(third, "ok memory", "forged");
  });
});
