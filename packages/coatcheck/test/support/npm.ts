import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The npm that started the tests, by its path: Windows has none that can be started without a shell. */
export async function npm(args: readonly string[], cwd: string): Promise<string> {
  const path = process.env["npm_execpath"];
  const options = { cwd, maxBuffer: 64_000_000 };
  if (path?.endsWith("npm-cli.js") === true) return (await run(process.execPath, [path, ...args], options)).stdout;
  return (await run("npm", [...args], { ...options, shell: process.platform === "win32" })).stdout;
}
