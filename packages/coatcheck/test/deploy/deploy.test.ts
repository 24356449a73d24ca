import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { minted } from "../canary/sinks.ts";
import { makeClient } from "../support/client.ts";
import { freePort } from "../support/ports.ts";
import { PROGRAMS, startPostgres } from "../support/postgres.ts";
import type { PostgresServer } from "../support/postgres.ts";
import { ask, askHttp2, askInPlain, openStream } from "./client.ts";
import { NGINX, startNginx } from "./nginx.ts";
import type { Nginx } from "./nginx.ts";
import { command, install, machineIn, unit } from "./unit.ts";
import type { Unit } from "./unit.ts";

const ISSUER = "https://login.example.com";

describe.skipIf(PROGRAMS === null || NGINX === null)("deploy/: three nodes as the unit starts them, behind nginx", () => {
  const machine = machineIn(mkdtempSync(join(tmpdir(), "coatcheck-deploy-")));
  let database: PostgresServer;
  let nodes: readonly Unit[];
  let nginx: Nginx;
  let reader: Readonly<Record<string, string>>;
  let names = 0;

  beforeAll(async () => {
    database = await startPostgres();
    const address = await database.database();
    const secret = randomBytes(32).toString("base64url");
    minted("master", secret);
    install(machine);
    machine.lay("etc/coatcheck/secret", secret);
    machine.lay("etc/coatcheck/environment", `COATCHECK_STORE=${address}\n`);
    const { id, secret: password } = await makeClient(address, ISSUER);
    minted("client_secret", password);
    reader = { authorization: `Basic ${Buffer.from(`${id}:${password}`).toString("base64")}` };
    const ports = [await freePort(), await freePort(), await freePort()];
    nodes = ports.map((port, nth) => unit(machine, `0${nth + 1}`, port));
    for (const node of nodes) await node.start();
    nginx = await startNginx(machine, ports);
  }, 60_000);

  afterAll(async () => {
    await nginx?.stop();
    await Promise.all((nodes ?? []).map((node) => node.stop()));
    await database?.remove();
    rmSync(machine.root, { recursive: true });
  });

  /** Somebody whom an operator has added, and who has signed in by cookie and by token. */
  async function somebody() {
    const account = { email: `somebody-${(names += 1)}@example.org`, password: "vellum otter 17 plums" };
    minted("password", account.password);
    command(machine, ["user", "add", account.email, "--password-stdin"], account.password);
    // What a client writes there itself says nothing.
    const headers = { origin: ISSUER, "x-forwarded-for": "203.0.113.9", forwarded: "for=203.0.113.9" };
    const signIn = (carrier: string) => ask(nginx, "/auth/sign-in", { method: "POST", headers, body: { ...account, carrier } });
    const [byCookie, byToken] = [await signIn("cookie"), await signIn("token")];
    expect([byCookie.status, byToken.status]).toEqual([200, 200]);
    const [cookie = ""] = byCookie.headers["set-cookie"] ?? [];
    return {
      ...{ account, cookie, session: byCookie.json["session"], user: byCookie.json["user"] as { id: string } },
      shown: [{ cookie: cookie.split(";")[0] ?? "" }, { authorization: `Bearer ${String(byToken.json["access_token"])}` }],
    };
  }

  /** Each credential, shown to each node itself. */
  async function statuses(shown: readonly Readonly<Record<string, string>>[]): Promise<readonly number[]> {
    const asked = nodes.flatMap(({ url }) => shown.map((headers) => fetch(`${url}/auth/me`, { headers })));
    return (await Promise.all(asked)).map(({ status }) => status);
  }

  it("lets people in, whoever of them asks, and shows where they come from", async () => {
    const { cookie, session, shown } = await somebody();
    expect(cookie).toMatch(/^__Host-[^;]+; .*Secure/);
    expect(session).toMatchObject({ device: { ip: "127.0.0.1" } });
    expect(await statuses(shown)).toEqual([200, 200, 200, 200, 200, 200]);
    for (const headers of [...shown, ...shown, ...shown]) expect((await ask(nginx, "/auth/me", { headers })).status).toBe(200);
    expect(await askHttp2(nginx, "/readyz")).toBe(200);
  });

  it("ends a session everywhere, and a stream of the changes hears of it at once", async () => {
    const { user, shown } = await somebody();
    const stream = await openStream(nginx, "/oauth/changes", reader);
    const heard = (async () => {
      while (!(await stream.news()).some(({ key }) => key === user.id));
    })();
    const ended = await ask(nginx, "/auth/sessions?wait=true", { method: "DELETE", headers: { ...shown[0], origin: ISSUER } });
    expect(ended.status).toBe(200);
    expect(await statuses(shown)).toEqual([401, 401, 401, 401, 401, 401]);
    await heard;
    stream.close();
  });

  it("keeps to itself what is for whoever runs it, and answers what is too large in Coatcheck's own words", async () => {
    expect((await ask(nginx, "/metrics")).status).toBe(404);
    const large = await ask(nginx, "/auth/sign-in", { method: "POST", body: { password: "x".repeat(100_000) } });
    expect(large).toMatchObject({ status: 413, json: { code: "too_large" } });
    const redirected = await askInPlain(nginx, "/sign-in?next=/");
    expect([redirected.status, redirected.headers.location]).toEqual([301, `${ISSUER}/sign-in?next=/`]);
  });

  it("goes on when a node is killed, and takes it back", async () => {
    const { account, shown } = await somebody();
    await nodes[1]?.kill();
    for (let time = 0; time < 20; time += 1) {
      for (const headers of shown) expect((await ask(nginx, "/auth/me", { headers })).status).toBe(200);
      expect((await ask(nginx, "/auth/sign-in", { method: "POST", headers: { origin: ISSUER }, body: account })).status).toBe(200);
    }
    await nodes[1]?.start();
    expect(await statuses(shown)).toEqual([200, 200, 200, 200, 200, 200]);
  });

  it("ends a node as systemd does, though somebody holds a stream of it open", async () => {
    const streams = await Promise.all(Array.from({ length: 6 }, () => openStream(nginx, "/oauth/changes", reader)));
    for (const node of nodes) {
      expect(await node.stop()).toBe(0);
      await node.start();
    }
    for (const stream of streams) stream.close();
  });
});
