import { moveStore } from "../../../src/stores/moving/index.ts";
import { movedEvent } from "./event.ts";

/** What the process is to move, and when it dies; null: whenever somebody kills it. */
export interface Order {
  readonly from: string;
  readonly to: string;
  /** At which report of progress, the first is 1. */
  readonly diesAt: number | null;
}

/** Moves a store, and dies by SIGKILL at a certain point of it. */
process.once("message", ({ from, to, diesAt }: Order) => {
  let reports = 0;
  const onProgress = (): void => {
    reports += 1;
    if (reports === 1) process.send?.("moving");
    if (reports === diesAt) process.kill(process.pid, "SIGKILL");
  };
  void moveStore(from, to, { event: movedEvent, onProgress, rowsAtOnce: 10 }).then(() => process.exit(0));
});
process.send?.("ready");
