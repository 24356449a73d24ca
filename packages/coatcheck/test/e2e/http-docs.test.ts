import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { beside, json } from "../cli/support.ts";
import { withServer } from "../support/server.ts";

const run = promisify(execFile);
const text = await readFile(fileURLToPath(new URL("../../../../docs/http.md", import.meta.url)), "utf8");

/** Every example of docs/http.md, in its order. */
const EXAMPLES = [...text.matchAll(/^```sh\n(curl [^\n]+)\n```$/gm)].map(([, line]) => line as string);

const METRICS_TOKEN = randomBytes(32).toString("base64url");

interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly session: { readonly sid: string };
}

describe("the examples of docs/http.md", { timeout: 60_000 }, () => {
  it("do what they say, each for somebody who has just signed up", () =>
    withServer(
      async (server) => {
        const { url, folder } = server;
        const enter = async (path: string, email: string): Promise<Tokens> => {
          const body = JSON.stringify({ email, password: "correct horse battery", carrier: "token" });
          const response = await fetch(`${url}/auth/${path}`, { method: "POST", body, headers: { "content-type": "application/json" } });
          return (await response.json()) as Tokens;
        };
        const hired = json(await beside(server, ["client", "add", "Report", "--json", "--issuer", url])) as { id: string; secret: string };
        const statuses: string[] = [];
        for (const example of EXAMPLES) {
          const email = `${randomBytes(8).toString("hex")}@example.com`;
          const { access_token: TOKEN, refresh_token: REFRESH_TOKEN } = await enter("sign-up", email);
          const { session } = await enter("sign-in", email);
          const address = example.includes("/sign-up") ? `new-${email}` : email;
          const command = `${example.replaceAll("localhost:3000", url.replace("http://", "")).replaceAll("ada@example.com", address)} -o answer.json -w '%{http_code}'`;
          const env = {
            ...process.env,
            TOKEN,
            REFRESH_TOKEN,
            SID: session.sid,
            CLIENT_ID: hired.id,
            CLIENT_SECRET: hired.secret,
            METRICS_TOKEN,
          };
          const { stdout } = await run("bash", ["-euo", "pipefail", "-c", command], { cwd: folder, env });
          statuses.push(`${stdout} ${example}`);
        }
        expect(statuses.filter((it) => !/^20[014] /.test(it))).toEqual([]);
        expect(statuses.length).toBe([...text.matchAll(/^### `(?:GET|POST|DELETE) /gm)].length);
      },
      ["--metrics-token", METRICS_TOKEN],
    ));
});
