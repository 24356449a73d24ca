import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Metrics } from "./metrics.ts";
import { VERSION } from "./version.ts";

const QUANTILES = { "0.5": 50, "0.99": 99, "1": 100 } as const;

/** Milliseconds between two looks at the event loop. */
const RESOLUTION = 10;

/** What is measured is the time from look to look, in nanoseconds. */
function lateness(between: number): number {
  return Math.max(0, between / 1e9 - RESOLUTION / 1_000);
}

/** The process and what it runs on, read at each scrape. Nothing runs before the first one. @returns what stops it. */
export function observeProcess(metrics: Metrics): () => void {
  let delay: ReturnType<typeof monitorEventLoopDelay> | null = null;
  metrics.build.cell(VERSION, process.version).value = 1;
  metrics.onScrape(() => {
    metrics.processMemory.cell().value = process.memoryUsage.rss();
    const { user, system } = process.cpuUsage();
    metrics.processCpu.cell().value = (user + system) / 1e6;
    metrics.processStart.cell().value = performance.timeOrigin / 1_000;
    metrics.resources.cell().value = process.getActiveResourcesInfo().length;
    for (const [quantile, percent] of Object.entries(QUANTILES)) {
      metrics.eventLoop.cell(quantile).value = delay === null || delay.count === 0 ? 0 : lateness(delay.percentile(percent));
    }
    if (delay === null) (delay = monitorEventLoopDelay({ resolution: RESOLUTION })).enable();
    else delay.reset();
  });
  return () => void delay?.disable();
}
