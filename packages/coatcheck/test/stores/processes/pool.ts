import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Answers, Task, TaskName } from "./worker.ts";

/** How long before the common start the workers are told of it: enough for the message to arrive at all of them. */
const NOTICE_NS = 3_000_000n;

/** A process of its own that does tasks on a store. */
export interface Worker {
  ask<N extends TaskName>(task: Task<N>): Promise<Answers[N]>;
  stop(): Promise<void>;
}

/** @param compileCache a folder where what Node compiled is kept from one process to the next. */
export function spawnScript(name: string, stdout: "pipe" | "inherit", compileCache: string): ChildProcess {
  const script = fileURLToPath(new URL(name, import.meta.url));
  const env = { ...process.env, NODE_COMPILE_CACHE: compileCache };
  return fork(script, [], { execArgv: [], env, stdio: ["ignore", stdout, "inherit", "ipc"] });
}

export function startWorker(compileCache: string): Worker {
  const child = spawnScript("./worker.ts", "inherit", compileCache);
  return {
    async ask(task) {
      child.send(task);
      const [answer] = (await once(child, "message")) as [{ value: never } | { error: string }];
      if ("error" in answer) throw new Error(answer.error);
      return answer.value;
    },

    async stop() {
      const gone = once(child, "exit");
      child.disconnect();
      await gone;
    },
  };
}

/** The moment at which tasks that are sent now can all begin: workers wait for it without sleeping, so that they truly overlap. */
export function commonStart(): string {
  return (process.hrtime.bigint() + NOTICE_NS).toString();
}
