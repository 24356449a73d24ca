import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { connect } from "node:net";
import { join } from "node:path";
import { freePort } from "../support/ports.ts";
import { selfSigned } from "../support/tls.ts";
import { deployed } from "./unit.ts";
import type { Machine } from "./unit.ts";

/** Null if there is none, which the test command says at its end. */
export const NGINX: string | null = (createRequire(import.meta.url)("../../../../tools/nginx.cjs") as () => string | null)();

export interface Nginx {
  readonly http: number;
  readonly https: number;
  stop(): Promise<void>;
}

/** nginx with deploy/nginx.conf in it, before nodes at these ports. Only ports and paths are others than there. */
export async function startNginx(machine: Machine, nodes: readonly number[]): Promise<Nginx> {
  const [http, https] = [await freePort(), await freePort()];
  const { key, cert } = selfSigned("login.example.com");
  machine.lay("etc/nginx/tls/certificate.pem", cert);
  machine.lay("etc/nginx/tls/key.pem", key);
  machine.lay("etc/nginx/coatcheck-nodes.conf", nodesAt(nodes));
  machine.lay("etc/nginx/conf.d/coatcheck.conf", confOn(http, https).replaceAll("/etc/nginx/", `${machine.root}/etc/nginx/`));
  machine.lay("etc/nginx/nginx.conf", around(machine.root));
  mkdirSync(join(machine.root, "run"), { recursive: true });
  const child = spawn(NGINX ?? "", ["-c", join(machine.root, "etc/nginx/nginx.conf"), "-p", machine.root], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  while (!(await listens(https))) if (child.exitCode !== null) throw new Error(`nginx ended with ${child.exitCode}:\n${said}`);
  return {
    ...{ http, https },
    async stop() {
      const gone = once(child, "exit");
      child.kill("SIGTERM");
      await gone;
    },
  };
}

/** The first lines of nodes-systemd.conf, as many as there are nodes. */
function nodesAt(ports: readonly number[]): string {
  const lines = deployed("nodes-systemd.conf")
    .split("\n")
    .filter((line) => line.startsWith("server"));
  return ports.map((port, nth) => (lines[nth] ?? "").replace(/:\d+/, `:${port}`)).join("\n");
}

function confOn(http: number, https: number): string {
  const conf = deployed("nginx.conf")
    .replace("listen 80;", `listen 127.0.0.1:${http};`)
    .replace("listen 443 ssl;", `listen 127.0.0.1:${https} ssl;`);
  // Before 1.25.1 that was said at the port.
  return knowsHttp2() ? conf : conf.replace("http2 on;", "").replace(`${https} ssl;`, `${https} ssl http2;`);
}

function knowsHttp2(): boolean {
  const [, major, minor, patch] = /nginx\/(\d+)\.(\d+)\.(\d+)/.exec(spawnSync(NGINX ?? "", ["-v"], { encoding: "utf8" }).stderr) ?? [];
  return Number(major) * 1e6 + Number(minor) * 1e3 + Number(patch) >= 1_025_001;
}

/** What Debian has around it, as far as it matters here. */
function around(root: string): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((of) => `${of}_temp_path ${root}/run/${of};`).join("\n  ");
  return `${process.getuid?.() === 0 ? "user root;" : ""}
daemon off;
worker_processes 2;
pid ${root}/run/nginx.pid;
error_log stderr;
events {}
http {
  access_log off;
  gzip on;
  ${temporary}
  include ${root}/etc/nginx/conf.d/*.conf;
}
`;
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  const [is] = await Promise.race([
    once(socket, "connect").then(() => [true] as const),
    once(socket, "close").then(() => [false] as const),
  ]).catch(() => [false] as const);
  socket.destroy();
  return is;
}
