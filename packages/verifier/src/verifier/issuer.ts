import { StoreUnavailable } from "../core/errors.ts";
import type { JsonObject } from "../crypto/json.ts";
import type { Remote, Told } from "./remote.ts";

/** Where the issuer can be asked what. */
interface Endpoints {
  readonly jwks: string;
  readonly changes: string;
  readonly introspection: string;
}

/** By their names in the metadata (RFC 8414 §2; the change feed is an extension). */
const NAMES: Readonly<Record<keyof Endpoints, string>> = {
  jwks: "jwks_uri",
  changes: "coatcheck_changes_endpoint",
  introspection: "introspection_endpoint",
};

const METADATA_AT_MOST = 64 * 1_024;

export interface Client {
  readonly id: string;
  readonly secret: string;
}

/** The issuer as its metadata describe it, and how this client shows itself to it. */
export class Issuer {
  readonly url: string;
  readonly remote: Remote;
  readonly #basic: string;
  #endpoints: Promise<Endpoints> | null = null;

  constructor(url: string, client: Client, remote: Remote) {
    this.url = url;
    this.remote = remote;
    this.#basic = `Basic ${btoa(`${formEncoded(client.id)}:${formEncoded(client.secret)}`)}`;
  }

  /** Where something is asked; the metadata are read when that is first wanted. @throws {store_unavailable} */
  async endpoint(what: keyof Endpoints): Promise<string> {
    const reading = (this.#endpoints ??= this.#read());
    try {
      return (await reading)[what];
    } catch (error) {
      if (this.#endpoints === reading) this.#endpoints = null;
      throw error;
    }
  }

  /** Nothing answers there any more: next time the metadata are read again. */
  forgetEndpoints(): void {
    this.#endpoints = null;
  }

  /** The header that shows the client (RFC 6749 §2.3.1). Only ever for an {@link endpoint}: those are the issuer's own. */
  get credentials(): { readonly authorization: string } {
    return { authorization: this.#basic };
  }

  async #read(): Promise<Endpoints> {
    const { status, json } = await this.remote.ask(metadataOf(this.url), {
      headers: { accept: "application/json" },
      atMost: METADATA_AT_MOST,
    });
    if (status !== 200 || json === null) throw new StoreUnavailable(new Error(`the issuer has no metadata: ${status}`));
    // Or metadata that somebody else wrote would name addresses for our secret (RFC 8414 §3.3).
    if (json["issuer"] !== this.url) throw new StoreUnavailable(new Error("the metadata are another issuer's"));
    return {
      jwks: this.#address(json, "jwks"),
      changes: this.#address(json, "changes"),
      introspection: this.#address(json, "introspection"),
    };
  }

  #address(metadata: JsonObject, what: keyof Endpoints): string {
    const address = metadata[NAMES[what]];
    if (typeof address !== "string" || !URL.canParse(address) || new URL(address).origin !== new URL(this.url).origin)
      throw new StoreUnavailable(new Error(`the metadata name no ${NAMES[what]} at the issuer's own origin`));
    return address;
  }
}

/** What is wrong with an answer that is none of those that were hoped for. */
export function unexpected(what: string, { status }: Told): StoreUnavailable {
  const why = status === 401 ? "this client is not let in: check its id and secret, and whether it was disabled" : `${status} was answered`;
  return new StoreUnavailable(new Error(`${what}: ${why}`));
}

/** Between host and path (RFC 8414 §3.1). */
function metadataOf(issuer: string): string {
  const { origin, pathname } = new URL(issuer);
  return `${origin}/.well-known/oauth-authorization-server${pathname === "/" ? "" : pathname}`;
}

function formEncoded(text: string): string {
  return new URLSearchParams([["", text]]).toString().slice(1);
}
