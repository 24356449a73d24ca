import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { beside, json } from "../cli/support.ts";
import { node, REPOSITORY } from "../package/packed.ts";
import { openServer } from "../support/server.ts";
import type { RunningServer } from "../support/server.ts";

// What docs/verifier.md shows is run as it stands there.

const TEXT = readFileSync(join(REPOSITORY, "docs/verifier.md"), "utf8");

function block(kind: string): string {
  const [, code] = new RegExp(`^\`\`\`${kind}\\n(.*?)^\`\`\`$`, "ms").exec(TEXT) ?? [];
  if (code === undefined) throw new Error(`docs/verifier.md shows no ${kind}`);
  return code;
}

const folder = mkdtempSync(join(tmpdir(), "coatcheck-verifier-docs-"));
let server: RunningServer & { remove(): Promise<void> };
let client: { readonly id: string; readonly secret: string };
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  symlinkSync(join(REPOSITORY, "node_modules"), join(folder, "node_modules"), "junction");
  writeFileSync(join(folder, "package.json"), `{ "type": "module" }`);
  server = await openServer();
  client = json(await beside(server, ["client", "add", "Reports", "--json", "--issuer", server.url])) as typeof client;
  env = { ISSUER: server.url, CLIENT_ID: client.id, CLIENT_SECRET: client.secret };
}, 60_000);

afterAll(async () => {
  await server?.remove();
  rmSync(folder, { recursive: true });
});

async function tokenOf(email: string): Promise<string> {
  const body = JSON.stringify({ email, password: "violet-otter-harbour-42", carrier: "token" });
  const response = await fetch(`${server.url}/auth/sign-up`, { method: "POST", body, headers: { "content-type": "application/json" } });
  return ((await response.json()) as { readonly access_token: string }).access_token;
}

describe("docs/verifier.md", { timeout: 60_000 }, () => {
  it("shows an application that does what it says, and lets in who may come", async () => {
    const code = block("ts run");
    const more = `
      const enters = async (method) => {
        const { status, headers } = await answer(new Request("https://reports.example.com/", { method, headers: { authorization: "Bearer " + process.env.TOKEN } }));
        console.log(status, headers.get("www-authenticate"));
      };
      await enters("GET");
      await enters("DELETE");
      verifier.close();`;
    // Closed at the end, so that what follows can still ask.
    writeFileSync(join(folder, "application.ts"), code.replace("verifier.close();", "") + more);
    const { status, stdout, stderr } = await node(["application.ts"], folder, { ...env, TOKEN: await tokenOf("ada@example.com") });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "401 Bearer\n200 null\n403 null\n", stderr: "" });
  });

  it("shows a question by curl, and an answer with every member that there is", async () => {
    const [line = ""] = block("sh").split("\n");
    const [, address = "", credentials = ""] = /^curl -s "localhost:3000([^"]+)" -u "([^"]+)"$/.exec(line) ?? [];
    const basic = credentials.replace("$CLIENT_ID", client.id).replace("$CLIENT_SECRET", client.secret);
    await tokenOf("bob@example.com");
    const headers = { authorization: `Basic ${Buffer.from(basic).toString("base64")}` };
    const answer = (await (await fetch(server.url + address, { headers })).json()) as { readonly entries: readonly object[] };
    const shown = JSON.parse(block("json")) as { readonly entries: readonly object[] };
    expect(Object.keys(answer).toSorted()).toEqual(Object.keys(shown).toSorted());
    expect(Object.keys(answer.entries[0] ?? {}).toSorted()).toEqual(Object.keys(shown.entries[0] ?? {}).toSorted());
  });

  it("shows a rule that holds, in JavaScript", async () => {
    const more = `
      const basic = "Basic " + btoa(process.env.CLIENT_ID + ":" + process.env.CLIENT_SECRET);
      const NAME = crypto.randomUUID();
      async function ask(path) {
        const answer = await fetch(process.env.ISSUER + path, { headers: { authorization: basic } });
        return { status: answer.status, ...(await answer.json()) };
      }
      let read = 0;
      async function readKeys() { read += 1; }
      const [header, claims] = process.env.TOKEN.split(".", 2).map((part) => JSON.parse(Buffer.from(part, "base64url").toString()));
      const said = [];
      const say = () => said.push(judge({ ...claims, kid: header.kid }));
      say();
      await follow();
      say();
      lease = 0;
      say();
      mark = [...mark].reverse().join("");
      await follow();
      say();
      await fetch(process.env.ISSUER + "/auth/sign-out", { method: "POST", headers: { authorization: "Bearer " + process.env.TOKEN } });
      await follow();
      say();
      console.log(said.join(" "), head > 0, read > 0);`;
    writeFileSync(join(folder, "rule.js"), block("js rule") + more);
    const { status, stdout, stderr } = await node(["rule.js"], folder, { ...env, TOKEN: await tokenOf("eve@example.com") });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "ahead ok unknown ok ended true true\n", stderr: "" });
  });
});
