import type { Seq } from "../../core/ids.ts";
import type { Clock, Feed, LogPage } from "../../core/ports.ts";
import type { Milliseconds } from "../../core/time.ts";
import type { Wakes } from "../../revocation/wakes.ts";

export interface WaitParts {
  readonly feed: Pick<Feed, "since">;
  readonly wakes: Wakes;
  readonly clock: Clock;
}

/**
 * The page since `from` as soon as there is anything in it, or when the time is over or `signal` says that nobody waits any more; read just before it is
 * given. A position that the log has lost counts as news. @throws {store_unavailable}
 */
export async function pageWithNews(
  { feed, wakes, clock }: WaitParts,
  from: Seq,
  within: Milliseconds,
  signal: AbortSignal,
): Promise<LogPage> {
  let isOver = signal.aborted;
  let isWoken = false;
  let goOn = (): void => {};
  const wake = (): void => {
    isWoken = true;
    goOn();
  };
  const end = (): void => {
    isOver = true;
    goOn();
  };
  // Before the first look: what is appended after it wakes.
  const stopListening = await wakes.add(wake);
  const stopTimer = clock.every(within, end);
  signal.addEventListener("abort", end);
  try {
    for (;;) {
      isWoken = false;
      const wasOver = isOver;
      const page = await feed.since(from);
      if (wasOver || page.head !== from || page.fromMark === null) return page;
      if (!isWoken && !isOver) await new Promise<void>((resolve) => (goOn = resolve));
    }
  } finally {
    stopListening();
    stopTimer();
    signal.removeEventListener("abort", end);
  }
}
