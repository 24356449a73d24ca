import { compose } from "../compose.ts";
import type { Composed, Ingredients } from "../compose.ts";
import type { ServerConfig } from "../config/read.ts";
import type { Log } from "../core/ports.ts";
import type { Settings } from "../core/settings.ts";
import { createMetricsSite, createRoutes } from "../http/index.ts";
import { readTarget } from "../http/target.ts";
import { createPages } from "../pages/index.ts";
import { systemClock, systemClocks } from "./clock.ts";
import { createHttpServer } from "./http-server.ts";
import type { HttpServer, Site } from "./http-server.ts";
import { systemRandom } from "./random.ts";
import { storeErrorOf } from "./start-error.ts";
import { storeFor } from "./store.ts";

/** A server that answers. */
export interface Running {
  /** As they turned out: with port 0 an issuer that nobody set follows the port. */
  readonly settings: Settings;
  /** Where it listens, which behind a proxy is not the issuer. */
  readonly url: string;
  /** Where the metrics have a port of their own; null if they have none. */
  readonly metricsUrl: string | null;
  /** Stops taking requests, ends what is in flight, writes what is pending and closes the store. */
  close(): Promise<void>;
}

/**
 * Takes the port, opens the store and answers: pages for people, and the API.
 * @throws ConfigError if the store's address can't be read. @throws StartError with one line: the port is taken, the store can't be opened.
 */
export async function serve(config: ServerConfig, masters: Ingredients["masters"], log: Log): Promise<Running> {
  const store = storeFor(config.store);
  const servers: HttpServer[] = [];
  const listen = async (at: number, flag: "--port" | "--metrics-port"): Promise<readonly [HttpServer, number]> => {
    const server = createHttpServer({ clock: systemClock, log });
    const port = await server.listen(at, config.host, flag);
    servers.push(server);
    return [server, port];
  };
  const stop = async (): Promise<void> => void (await Promise.all(servers.map((server) => server.stop())));
  const [http, port] = await listen(config.port, "--port");
  const { settings } = config.onPort(port);
  try {
    const own = config.metrics.port === null ? null : await listen(config.metrics.port, "--metrics-port");
    const watching = { metricsToken: config.metrics.token, logRequests: true };
    const ports = { clock: systemClock, clocks: systemClocks, random: systemRandom, log };
    const composed = await compose({ settings, store, masters, users: null, claims: {}, ...ports, ...watching });
    own?.[0].answer({ issuer: settings.issuer, fetch: createMetricsSite(composed.engine) });
    http.answer({ issuer: settings.issuer, fetch: siteFor(composed) });
    return {
      settings,
      url: urlOf(config.host, port),
      metricsUrl: own === null ? null : `${urlOf(config.host, own[1])}/metrics`,
      close: async () => {
        // Whoever waits for changes would be waited for.
        composed.engine.changes.close();
        await stop();
        await composed.close();
      },
    };
  } catch (error) {
    await stop();
    throw storeErrorOf(error, store);
  }
}

function urlOf(host: string, port: number): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** The pages' addresses first, and all others are the API's, which says so if there is nothing. */
function siteFor({ engine }: Composed): Site["fetch"] {
  const { issuer, basePath, signUp } = engine.settings;
  const routes = createRoutes(engine);
  const pages = createPages({ api: (request, peer) => routes.fetch(request, peer), issuer, basePath, signUp, clock: engine.clock });
  return (request, from) =>
    routes.observe(request, from, async (peer) => {
      const page = readTarget(request, from).isCanonical ? await pages.fetch(request, { ...from, note: peer.note }) : null;
      return page ?? routes.fetch(request, peer);
    });
}
