import { compose } from "../compose.ts";
import type { Composed, Ingredients } from "../compose.ts";
import type { ServerConfig } from "../config/read.ts";
import type { Log, Store } from "../core/ports.ts";
import type { Settings } from "../core/settings.ts";
import { createRoutes } from "../http/index.ts";
import { readTarget } from "../http/target.ts";
import { createPages } from "../pages/index.ts";
import { memory } from "../stores/memory/index.ts";
import { sqlite } from "../stores/sqlite/index.ts";
import { systemClock } from "./clock.ts";
import { createHttpServer } from "./http-server.ts";
import type { Site } from "./http-server.ts";
import { systemRandom } from "./random.ts";
import { storeErrorOf } from "./start-error.ts";

/** A server that answers. */
export interface Running {
  /** As they turned out: with port 0 an issuer that nobody set follows the port. */
  readonly settings: Settings;
  /** Where it listens, which behind a proxy is not the issuer. */
  readonly url: string;
  /** Stops taking requests, ends what is in flight, writes what is pending and closes the store. */
  close(): Promise<void>;
}

/**
 * Takes the port, opens the store and answers: pages for people, and the API.
 * @throws StartError with one line: the port is taken, the store can't be opened.
 */
export async function serve(config: ServerConfig, masters: Ingredients["masters"], log: Log): Promise<Running> {
  const http = createHttpServer({ clock: systemClock, log });
  const port = await http.listen(config.port, config.host);
  const { settings } = config.onPort(port);
  const store = storeFor(config.store);
  try {
    const composed = await compose({ settings, store, masters, users: null, claims: {}, clock: systemClock, random: systemRandom, log });
    http.answer({ issuer: settings.issuer, fetch: siteFor(composed) });
    return {
      settings,
      url: `http://${config.host.includes(":") ? `[${config.host}]` : config.host}:${port}`,
      close: async () => {
        await http.stop();
        await composed.close();
      },
    };
  } catch (error) {
    await http.stop();
    throw storeErrorOf(error, store);
  }
}

/** The pages' addresses first, and all others are the API's, which says so if there is nothing. */
function siteFor({ engine }: Composed): Site["fetch"] {
  const { issuer, basePath, signUp } = engine.settings;
  const routes = createRoutes(engine);
  const pages = createPages({ api: (request, peer) => routes.fetch(request, peer), issuer, basePath, signUp, clock: engine.clock });
  return async (request, from) => {
    const page = readTarget(request, from).isCanonical ? await pages.fetch(request, from) : null;
    return page ?? routes.fetch(request, from);
  };
}

function storeFor(name: string): Store {
  return name === "memory:" ? memory() : sqlite(name.slice("sqlite:".length));
}
