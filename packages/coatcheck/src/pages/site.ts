import type { Note } from "../http/index.ts";
import type { Clock } from "../core/ports.ts";
import { isLocal } from "../core/settings.ts";
import type { SignUp } from "../core/settings.ts";

/** Who stands at the other end of the connection. */
export interface Peer {
  readonly address?: string;
  /** Of the request, which is watched: its route is told here, and the calls of the API that it makes are parts of it. */
  readonly note?: Note;
}

export interface PagesOptions {
  /** The HTTP API, in process: the pages know no rule of their own and ask it like any other client. */
  readonly api: (request: Request, peer?: Peer) => Promise<Response>;
  /** The public address of the server. */
  readonly issuer: string;
  /** Path that pages and API stand under, without a slash at its end; empty for none. */
  readonly basePath: string;
  readonly signUp: SignUp;
  /** For "3 minutes ago". */
  readonly clock: Pick<Clock, "now">;
}

/** The set-up of the pages, parsed. */
export interface Site extends PagesOptions {
  /** Scheme, host and port of the issuer: never those of a request, whose `Host` is the client's to choose. */
  readonly origin: string;
  /** Whether cookies carry `Secure` and answers carry HSTS: everywhere but on plain http localhost. */
  readonly secure: boolean;
}

export function createSite(options: PagesOptions): Site {
  return { ...options, origin: new URL(options.issuer).origin, secure: !isLocal(options.issuer) };
}

/** Addresses that a person can stand on and be sent back to. */
export type PagePath = "/sign-in" | "/sign-up" | "/account" | "/account/confirm";

/** Addresses that only forms are sent to. */
export type FormPath = "/sign-out" | "/account/end" | "/account/end-others" | "/account/end-all" | "/account/password";

/** One request to a page. */
export interface Visit {
  readonly site: Site;
  readonly request: Request;
  readonly peer: Peer | undefined;
}
