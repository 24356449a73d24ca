import { ConfigError, StoreUnavailable } from "../core/errors.ts";
import type { Store } from "../core/ports.ts";

/** It could not be done here, though it was asked rightly: the message is one line with the mend. */
export class StartError extends Error {
  override readonly name = "StartError";
}

/** What to tell when a store could not be opened: what the settings said was right, and can't be done here. */
export function storeErrorOf(error: unknown, { name }: Pick<Store, "name">): unknown {
  if (error instanceof ConfigError) return new StartError(error.message, { cause: error });
  if (!(error instanceof StoreUnavailable)) return error;
  const why = error.cause instanceof Error ? error.cause.message : String(error.cause);
  const usual = name.startsWith("sqlite:")
    ? "check that its file and folder may be read and written"
    : "see that it runs and can be reached";
  const mend = error.mend ?? `${usual}, or choose another with --store`;
  return new StartError(`the store ${name} can't be opened (${why}): ${mend}`, { cause: error });
}
