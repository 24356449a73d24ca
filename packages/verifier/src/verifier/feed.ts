import { StoreUnavailable } from "../core/errors.ts";
import type { Seq } from "../core/ids.ts";
import type { Clock, Hold, Log, Wake } from "../core/ports.ts";
import { duration } from "../core/time.ts";
import type { Lessor } from "../revocation/leasing.ts";
import { unexpected } from "./issuer.ts";
import type { Issuer } from "./issuer.ts";
import type { News } from "./news.ts";
import { noPage, readPage } from "./page.ts";
import type { RemotePage } from "./page.ts";

const PAGE_AT_MOST = 64 * 1_024 * 1_024;

/** How often it is said in the log that the issuer lets this client in no more. */
const COMPLAIN_EVERY = duration("1m");

export interface HttpFeedParts {
  readonly issuer: Issuer;
  readonly news: News;
  /** Names this process among those that share the client's credentials, in this life of it. */
  readonly name: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** The store's feed as it looks from afar: the issuer is asked, who asks the store. */
export class HttpFeed implements Lessor {
  readonly #parts: HttpFeedParts;
  #complainedAt = Number.NEGATIVE_INFINITY;

  constructor(parts: HttpFeedParts) {
    this.#parts = parts;
  }

  /** @throws {store_unavailable} */
  async confirm({ from, mark }: Hold): Promise<RemotePage> {
    const { issuer, name, news } = this.#parts;
    const query = new URLSearchParams({ from: String(from), verifier: name, ...(mark === "" ? {} : { mark }) });
    const told = await issuer.remote.ask(`${await issuer.endpoint("changes")}?${query.toString()}`, {
      headers: { ...issuer.credentials, accept: "application/json" },
      atMost: PAGE_AT_MOST,
    });
    if (told.status === 409) return noPage(from, told.json?.["code"] === "position_lost");
    if (told.status === 404 || told.status === 405) issuer.forgetEndpoints();
    if (told.status !== 200) {
      const error = unexpected("the change feed", told);
      if (told.status === 401) this.#complain(error);
      throw error;
    }
    const page = told.json === null ? null : readPage(told.json, from);
    if (page === null) throw new StoreUnavailable(new Error("the change feed answered what is no page of a log"));
    news.heard(page.head);
    return page;
  }

  /** It reads news by questions alone; so whoever waits is answered, too. */
  listen(wake: Wake): () => void {
    return this.#parts.news.listen(() => wake(true));
  }

  /** The log is not ours to write: the issuer has an alarm of its own. */
  raiseEpoch(seen: Seq): Seq {
    return seen;
  }

  #complain(error: StoreUnavailable): void {
    const { clock, log } = this.#parts;
    if (clock.now() - this.#complainedAt < COMPLAIN_EVERY) return;
    this.#complainedAt = clock.now();
    log.error("not_let_in", {
      cause: String(error.cause),
      mend: "give this verifier the id and secret of a client that is there (coatcheck client add)",
    });
  }
}
