import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { vi } from "vitest";
import { main } from "../../src/cli/main.ts";
import { collectRun } from "../canary/commands.ts";
import type { RunningServer } from "../support/server.ts";

const CLI = fileURLToPath(new URL("../../src/cli/index.ts", import.meta.url));

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
  /** What stands on stdin. Default: nothing, and it is closed. */
  readonly input?: string;
}

/** The command as a process of its own in this folder, with nothing of the settings of whoever runs the tests. */
export async function coatcheck(folder: string, args: readonly string[], { env = {}, input = "" }: Surroundings = {}): Promise<Ran> {
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd: folder,
    env: { PATH: process.env["PATH"] ?? "", XDG_STATE_HOME: `${folder}/state`, LOCALAPPDATA: `${folder}/state`, TZ: "UTC", ...env },
    stdio: "pipe",
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  // Whoever does not read it may close it before it is written.
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const [status] = (await once(child, "close")) as [number | null];
  const ran = { status, stdout, stderr };
  collectRun(args, input, ran);
  return ran;
}

/** The command in this process, for the many cases that differ in what it finds and not in how it runs. */
export async function inProcess(args: readonly string[]): Promise<Ran> {
  const written = { stdout: "", stderr: "" };
  const spies = (["stdout", "stderr"] as const).map((stream) =>
    vi.spyOn(process[stream], "write").mockImplementation((text) => {
      written[stream] += String(text);
      return true;
    }),
  );
  try {
    const status = await main(args);
    collectRun(args, "", { status, ...written });
    return { status, ...written };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

/** The command on the store of a running server. */
export function beside(server: RunningServer, args: readonly string[], surroundings?: Surroundings): Promise<Ran> {
  return coatcheck(server.folder, [...args, "--store", `sqlite:${server.folder}/data/test.db`], surroundings);
}

/** The same in this process. */
export function inProcessBeside(server: RunningServer, args: readonly string[]): Promise<Ran> {
  return inProcess([...args, "--store", `sqlite:${server.folder}/data/test.db`]);
}

/** What it printed as JSON; fails unless it ended well. */
export function json({ status, stdout, stderr }: Ran): unknown {
  if (status !== 0) throw new Error(`status ${status}: ${stderr}`);
  return JSON.parse(stdout);
}

export const PASSWORD = "violet-otter-harbour-42";

export function post(url: string, path: string, body: object): Promise<Response> {
  return fetch(url + path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
}

/** Somebody with two devices: one carries a cookie, the other tokens. */
export interface Person {
  readonly email: string;
  readonly id: string;
  /** The session of the cookie. */
  readonly sid: string;
  readonly cookie: string;
  readonly accessToken: string;
  readonly refreshToken: string;
}

interface Answer {
  readonly user: { readonly id: string };
  readonly session: { readonly sid: string };
  readonly access_token: string;
  readonly refresh_token: string;
}

export async function person(url: string, email: string): Promise<Person> {
  const signedUp = await post(url, "/auth/sign-up", { email, password: PASSWORD });
  const { user, session } = (await signedUp.json()) as Answer;
  const cookie = (signedUp.headers.getSetCookie()[0] as string).split(";", 1)[0] as string;
  const tokens = (await (await post(url, "/auth/sign-in", { email, password: PASSWORD, carrier: "token" })).json()) as Answer;
  return { email, id: user.id, sid: session.sid, cookie, accessToken: tokens.access_token, refreshToken: tokens.refresh_token };
}

/** What the server says to either device of theirs at `GET /auth/me`. */
export async function statuses(url: string, { cookie, accessToken }: Person): Promise<readonly number[]> {
  const all = [{ cookie }, { authorization: `Bearer ${accessToken}` }];
  return Promise.all(all.map(async (headers) => (await fetch(`${url}/auth/me`, { headers: headers as Record<string, string> })).status));
}
