import { StoreUnavailable } from "../../core/errors.ts";
import { isLoopback, parseAddress } from "./address.ts";
import type { Address } from "./address.ts";
import { question } from "./calls.ts";
import { clientConfig, loadDriver } from "./driver.ts";
import { LIMITS } from "./limits.ts";
import { setUpMistake } from "./outages.ts";
import { look } from "./schema.ts";
import type { Session } from "./session.ts";
import { connect } from "./shared.ts";

/** What can be known of a database before it is opened as a store. */
export interface DatabaseFacts {
  readonly name: string;
  /** Why it can't be opened as the store, with the mend. */
  readonly problem: string | null;
  readonly isThere: boolean;
  /** How the way to it is kept: not at all, against listeners alone, or against whoever would take its place. */
  readonly way: "local" | "plain" | "unverified" | "verified";
  /** Which standbys a commit waits for, as the server is told; empty for none. Null: it did not say. */
  readonly standbys: string | null;
}

const STANDBYS = question<[], { names: string }>("SELECT current_setting('synchronous_standby_names') AS names");

/** Looks, and makes nothing. @throws ConfigError if the address can't be read. */
export async function databaseFacts(text: string): Promise<DatabaseFacts> {
  const address = parseAddress(text);
  const known = { name: address.name, way: wayTo(address) };
  try {
    const { isThere, standbys } = await ask(address);
    return { ...known, problem: null, isThere, standbys };
  } catch (error) {
    const cause = error instanceof StoreUnavailable ? error.cause : error;
    const problem = (setUpMistake(cause, address.name) ?? (cause as Error)).message;
    return {
      ...known,
      problem: /: /.test(problem) ? problem : `${problem}: see that ${address.name} runs and can be reached`,
      isThere: false,
      standbys: null,
    };
  }
}

async function ask(address: Address): Promise<Pick<DatabaseFacts, "isThere" | "standbys">> {
  const driver = await loadDriver();
  const session: Session = await connect(driver, clientConfig(driver, address, LIMITS));
  try {
    const { version } = await look(session, address.name);
    const [[row]] = await session.send(STANDBYS());
    return { isThere: version !== null, standbys: row?.names ?? "" };
  } finally {
    session.close();
  }
}

function wayTo({ host, tls }: Address): DatabaseFacts["way"] {
  if (tls === null) return isLoopback(host) ? "local" : "plain";
  return tls.mode === "verify-full" ? "verified" : "unverified";
}
