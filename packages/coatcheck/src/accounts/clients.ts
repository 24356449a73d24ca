import { AUDIENCE, parseScope } from "../core/clients.ts";
import type { ClientProof, ClientRecord, Clients } from "../core/clients.ts";
import { CoatcheckError } from "../core/errors.ts";
import type { FieldError } from "../core/errors.ts";
import { CLIENT_PREFIX } from "../core/ids.ts";
import type { ClientId } from "../core/ids.ts";
import type { Clock, Random } from "../core/ports.ts";
import { encode } from "../crypto/base64url.ts";
import { equal } from "../crypto/constant-time.ts";
import { sha256 } from "../crypto/hash.ts";
import type { From } from "./accounts.ts";
import type { Throttle } from "./throttle.ts";

/** What an operator says of a new client. */
export type NewClient = Pick<ClientRecord, "name" | "scopes" | "audiences">;

/** So that people and secret scanners see what it is. */
const SECRET_PREFIX = "ccs_";
const SECRET_BYTES = 32;
const ID_BYTES = 16;

/** Longer lists would not fit into a token with the rest. */
const MOST = { name: 200, scopes: 2_000, audiences: 32 } as const;

/**
 * Makes a client. Its secret leaves here in clear, once: the store has a hash of it, and nobody can show it again.
 * @throws {invalid_input}
 */
export async function addClient(
  { clients, clock, random }: { readonly clients: Clients; readonly clock: Clock; readonly random: Random },
  wanted: NewClient,
): Promise<{ readonly client: ClientRecord; readonly secret: string }> {
  const fields = faults(wanted);
  if (fields.length > 0) throw new CoatcheckError("invalid_input", { fields });
  const secret = SECRET_PREFIX + encode(random.bytes(SECRET_BYTES));
  const client: ClientRecord = {
    id: `${CLIENT_PREFIX}${encode(random.bytes(ID_BYTES))}` as ClientId,
    name: wanted.name,
    scopes: [...new Set(wanted.scopes)],
    audiences: [...new Set(wanted.audiences)],
    disabled: false,
    createdAt: clock.now(),
  };
  await clients.add(client, hashOf(secret));
  return { client, secret };
}

function faults({ name, scopes, audiences }: NewClient): readonly FieldError[] {
  const found: FieldError[] = [];
  const blame = (field: keyof NewClient, isWrong: boolean, detail: string): void => {
    if (isWrong) found.push({ pointer: `/${field}`, detail });
  };
  blame(
    "name",
    name.length > MOST.name || name.trim() === "" || /\p{Cc}/u.test(name),
    `must be 1 to ${MOST.name} characters, none of them a control character`,
  );
  blame(
    "scopes",
    scopes.some((it) => parseScope(it)?.length !== 1),
    "must be words without spaces, quotes and backslashes, like report:read",
  );
  blame("scopes", scopes.join(" ").length > MOST.scopes, `must have at most ${MOST.scopes} characters together`);
  blame("audiences", audiences.length === 0 || audiences.length > MOST.audiences, `must be 1 to ${MOST.audiences}`);
  blame(
    "audiences",
    audiences.some((it) => !AUDIENCE.test(it) || it.includes("#")),
    "must be addresses without a fragment, like https://reports.example.com",
  );
  return found;
}

/**
 * A plain SHA-256, where a password has Argon2id: a slow hash makes each guess dear, and nobody guesses 256 random bits, with or without it
 * (RFC 6749 §10.10). So a program that calls all day costs no more than it must.
 */
function hashOf(secret: string): Uint8Array {
  return sha256(secret);
}

/** What no secret has as its hash, in the place of one that is not there. */
const NO_HASH = new Uint8Array(32);

export type ClientVerdict =
  | { readonly ok: true; readonly proof: ClientProof }
  | { readonly ok: false; readonly reason: "unknown" | "disabled" | "wrong"; readonly clientId: ClientId | null };

/** Proves which client is calling. */
export interface ClientAuthentication {
  /**
   * Unknown, disabled and wrong take the same reads and the same compare, and are one refusal outside.
   * @throws {too_many_requests} when too much failed from this network lately. The right secret is let in all the same: nobody guesses it, and one
   * service with an old secret must not shut out the others behind its address.
   */
  prove(shown: { readonly id: string; readonly secret: string }, from: From): Promise<ClientVerdict>;
}

export function createClientAuthentication(clients: Clients, doors: Throttle): ClientAuthentication {
  return {
    async prove({ id, secret }, { ip }) {
      const proof = await clients.byId(id as ClientId);
      const fits = equal(hashOf(secret), proof?.secretHash ?? NO_HASH);
      if (proof !== null && fits && !proof.client.disabled) return { ok: true, proof };
      const door = doors.client(ip);
      await door.enter();
      await door.count();
      if (proof === null) return { ok: false, reason: "unknown", clientId: null };
      return { ok: false, reason: fits ? "disabled" : "wrong", clientId: proof.client.id };
    },
  };
}
