import type { ClientId, Seq } from "./ids.ts";
import type { MaybePromise } from "./maybe.ts";
import type { Instant } from "./time.ts";

/** A program that has a secret of its own (a confidential client, RFC 6749 §2.1), and what it may ask for. */
export interface ClientRecord {
  readonly id: ClientId;
  /** For people alone; two clients may have the same. */
  readonly name: string;
  /** The most that its tokens may say (RFC 6749 §3.3). */
  readonly scopes: readonly string[];
  /** Whom its tokens may be for, and whose tokens it may introspect (RFC 8707 §2). Never empty; the first is meant when a request names none. */
  readonly audiences: readonly string[];
  readonly disabled: boolean;
  readonly createdAt: Instant;
}

/** A client as authentication needs it, with the log head of the same snapshot. */
export interface ClientProof {
  readonly client: ClientRecord;
  /** SHA-256 of its secret. */
  readonly secretHash: Uint8Array;
  readonly head: Seq;
}

/** A port of the store: the rules at the top of `ports.ts` hold for it. */
export interface Clients {
  /** An id that is there already is the caller's mistake, and thrown as one. */
  add(client: ClientRecord, secretHash: Uint8Array): MaybePromise<void>;
  byId(id: ClientId): MaybePromise<ClientProof | null>;
  /** All of them, oldest first. */
  list(): MaybePromise<readonly ClientRecord[]>;
  /** Disabling appends a `client` cutoff in the same transaction, so enabling again revives nothing. False if there is no such client. */
  setDisabled(id: ClientId, disabled: boolean, now: Instant): MaybePromise<boolean>;
  /** Deletes it and appends a `client` cutoff, in one transaction: whatever was made for it has ended. False if there is no such client. */
  remove(id: ClientId, now: Instant): MaybePromise<boolean>;
}

const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/;

/** The scopes that `text` names, each once. @returns null unless it is scope tokens with single spaces between them (RFC 6749 §3.3). */
export function parseScope(text: string): readonly string[] | null {
  return SCOPE.test(text) ? [...new Set(text.split(" "))] : null;
}

/** Whom a token can be for: one StringOrURI (RFC 7519 §4.1.3). As a `resource` it is an address without a fragment (RFC 8707 §2). */
export const AUDIENCE: RegExp = /^[\x21-\x7e]{1,255}$/;
