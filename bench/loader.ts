import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Loaded, Stretch } from "./load.ts";

const LOAD = fileURLToPath(new URL("load.ts", import.meta.url));

/** Another process that keeps a server busy: one stretch at a time. */
export interface Loader {
  load(stretch: Stretch): Promise<Loaded>;
  close(): void;
}

export function openLoader(): Loader {
  const child = fork(LOAD, [], { execArgv: [] });
  const ended = once(child, "exit");
  const load = async (stretch: Stretch): Promise<Loaded> => {
    child.send(stretch);
    const said = await Promise.race([once(child, "message"), ended.then(() => null)]);
    if (said === null) throw new Error("the process that makes the load ended");
    const [loaded] = said as [Loaded];
    if (!(loaded.answers > 0)) throw new Error(`no answer came from port ${stretch.port}`);
    return loaded;
  };
  return { load, close: () => child.disconnect() };
}
