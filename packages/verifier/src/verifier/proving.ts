import { StoreUnavailable } from "../core/errors.ts";
import type { MaybePromise } from "../core/maybe.ts";
import type { RefusalReason } from "../core/verdict.ts";
import { believe, keyOf } from "../carriers/token/judge.ts";
import type { JudgeParts } from "../carriers/token/judge.ts";
import type { Proof } from "../carriers/token/read.ts";
import { VerifiedToken } from "../carriers/token/verified.ts";
import type { TokenKey } from "../carriers/token/verified.ts";
import { verifyWeb } from "../crypto/web.ts";
import type { WebKey } from "../crypto/web.ts";
import type { RemoteKeys } from "./keys.ts";

/** What came of it: null if it can't be proved here, which says nothing. */
export type Proved = VerifiedToken | RefusalReason | null;

/** Steps 2 and 3 of a check with WebCrypto, which answers later: so a token's first check is a promise, and one for all who show it meanwhile. */
export class Proving {
  readonly #judging: JudgeParts;
  readonly #keys: RemoteKeys;
  readonly #underWay = new Map<TokenKey, Promise<Proved>>();

  constructor(judging: JudgeParts, keys: RemoteKeys) {
    this.#judging = judging;
    this.#keys = keys;
  }

  /**
   * @param mayAsk whether a kid that nobody knows is worth a question to the issuer.
   * @throws {store_unavailable} if the keys can't be read, or the runtime can't verify.
   */
  prove(name: TokenKey, shown: VerifiedToken | Proof, mayAsk: boolean): MaybePromise<Proved> {
    if (shown instanceof VerifiedToken) return shown;
    const known = this.#keys.find(shown.kid);
    if (known !== null) return this.#proveOnce(name, shown, known);
    return mayAsk ? this.#proveByNewKeys(name, shown) : null;
  }

  async #proveByNewKeys(name: TokenKey, proof: Proof): Promise<Proved> {
    await this.#keys.lookAgain();
    const found = this.#keys.find(proof.kid);
    return found === null ? "forged" : this.#proveOnce(name, proof, found);
  }

  #proveOnce(name: TokenKey, proof: Proof, found: WebKey): MaybePromise<Proved> {
    if (keyOf(proof, found) === null) return "forged";
    let proving = this.#underWay.get(name);
    if (proving === undefined) {
      proving = this.#proveBy(found, name, proof).finally(() => this.#underWay.delete(name));
      this.#underWay.set(name, proving);
    }
    return proving;
  }

  async #proveBy({ alg, key }: WebKey, name: TokenKey, proof: Proof): Promise<Proved> {
    if (key === null) return null;
    try {
      const isOurs = await verifyWeb(alg, key, proof.signingInput, proof.signature);
      return isOurs ? believe(this.#judging, name, proof) : "forged";
    } catch (cause) {
      throw new StoreUnavailable(cause);
    }
  }
}
