import { readConfig } from "../config/read.ts";
import type { Log } from "../core/ports.ts";
import { duration } from "../core/time.ts";
import { systemClock } from "../server/clock.ts";
import { jsonLog, terminalLog } from "../server/log.ts";
import { systemRandom } from "../server/random.ts";
import { thisMachine } from "../server/secret-file.ts";
import { masterSecrets } from "../server/secrets.ts";
import { serve } from "../server/serve.ts";
import { startLines } from "../server/start-lines.ts";
import { storePlace } from "../server/store.ts";
import { readConfigFile } from "./config-file.ts";
import { stopSignal } from "./signals.ts";
import { VERSION } from "../observe/version.ts";

/** `coatcheck serve`: until a signal stops it. @throws ConfigError if it was asked wrongly. @throws StartError if it can't be done. */
export async function runServe(flags: Readonly<Record<string, unknown>>): Promise<void> {
  const config = readConfig({ flags, env: process.env, file: readConfigFile() });
  const secrets = masterSecrets(config.secret, {
    issuer: config.settings.issuer,
    store: config.store,
    random: systemRandom,
    machine: thisMachine(),
  });
  const log = process.stderr.isTTY ? terminalLog((line) => process.stderr.write(line)) : jsonLog();
  for (const warning of [...config.warnings, ...secrets.warnings]) log.warn("set_up", { warning });
  endOnCrash(log);

  const stopped = stopSignal(systemClock);
  const running = await serve(config, secrets.read, log);
  const lines = startLines(
    { version: VERSION, data: storePlace(config.store), secret: secrets, ...running },
    systemRandom,
    process.platform,
  );
  process.stdout.write(`${lines.join("\n")}\n`);

  log.info("stopping", { signal: await stopped });
  await running.close();
  // All is closed. Should anything hold the process all the same, it does not hold it for long.
  systemClock.every(duration("1s"), () => process.exit());
}

/** After a mistake that nothing caught, what is in memory can't be trusted: say what it was, and end. */
function endOnCrash(log: Log): void {
  process.on("uncaughtException", (error) => {
    log.error("crashed", { cause: error });
    process.exit(1);
  });
  // Whoever read the start lines may close the pipe: the server has said what it had to say.
  process.stdout.on("error", (error) => log.warn("stdout_closed", { cause: error }));
}
