import { CoatcheckError } from "../core/errors.ts";
import type { UserId } from "../core/ids.ts";
import type { Clock, Log, Random, UserProof, Users } from "../core/ports.ts";
import { createHasher, decoyHash, needsRehash } from "./hashing.ts";
import type { Hasher, Slot } from "./hashing.ts";
import { newUser, readEmail } from "./newcomer.ts";
import { passwordFault, refuseFault, unreadable } from "./password.ts";
import { createThrottle } from "./throttle.ts";
import type { ProofDoor, Throttle, ThrottleOptions } from "./throttle.ts";

/** Where a request came from: what the throttles count by. */
export interface From {
  /** Empty when there is none to see. */
  readonly ip: string;
}

/** Who signs up. */
export interface Newcomer {
  readonly email: string;
  readonly password: string;
  /** Default: none. */
  readonly name?: string;
}

/** Why a password was refused: `details.cause` of `invalid_credentials`, for the trail inside. The answer never tells. */
export interface ProofFailure {
  readonly reason: "unknown" | "disabled" | "wrong";
  readonly userId: UserId | null;
}

/**
 * Built-in accounts: proves who somebody is and knows nothing of sessions. A proof comes with the log head of the snapshot that its hash was
 * read in: a login that rests on it is ended by every cutoff since, however long the hash took.
 */
export interface Accounts {
  /** @throws {invalid_input} {weak_password} {too_many_requests} {overloaded} {email_taken} */
  signUp(newcomer: Newcomer, from: From): Promise<UserProof>;
  /**
   * Unknown, disabled and wrong are one answer, at one price: the same reads and writes and one Argon2id with the same parameters.
   * @throws {invalid_input} {too_many_requests} {overloaded} {invalid_credentials}
   */
  prove(credentials: { readonly email: string; readonly password: string }, from: From): Promise<UserProof>;
  /** The same for somebody who is logged in, under the same counts. @throws as {@link prove} */
  confirm(userId: UserId, password: string, from: From): Promise<UserProof>;
  /**
   * Proves the current password and hashes the next one, writing neither: `users.changePassword` does.
   * @throws as {@link prove}, and {weak_password}
   */
  preparePassword(userId: UserId, change: { readonly current: string; readonly next: string }, from: From): Promise<PreparedPassword>;
}

export interface PreparedPassword {
  /** The hash that was proved against: only over this one may the new one be written. */
  readonly expect: string;
  readonly passwordHash: string;
  readonly proof: UserProof;
}

export interface AccountParts {
  readonly users: Users;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** A password made of it is refused. */
  readonly issuerHost: string;
  readonly throttle: Omit<ThrottleOptions, "throttles" | "clock">;
  readonly throttles: ThrottleOptions["throttles"];
  /** Default: one of its own. */
  readonly hasher?: Hasher;
}

interface Desk extends AccountParts {
  readonly hasher: Hasher;
  readonly doors: Throttle;
  /** What a password is checked against when there is no account to check it against. */
  readonly decoy: string;
}

export function createAccounts(parts: AccountParts): Accounts {
  const { clock, random, throttles, throttle, hasher = createHasher({ random }) } = parts;
  const desk: Desk = { ...parts, hasher, doors: createThrottle({ ...throttle, throttles, clock }), decoy: decoyHash(random) };
  return {
    signUp: (newcomer, from) => signUp(desk, newcomer, from),
    prove: (credentials, from) => prove(desk, credentials, from),
    confirm: (userId, password, from) => confirm(desk, userId, password, from),
    preparePassword: (userId, change, from) => preparePassword(desk, userId, change, from),
  };
}

async function signUp(desk: Desk, { email: typed, password, name = "" }: Newcomer, from: From): Promise<UserProof> {
  const email = readEmail(typed);
  refuseFault(passwordFault(password, { email, name, issuerHost: desk.issuerHost }), "/password");

  const door = desk.doors.signUp(from.ip);
  await door.enter();
  const passwordHash = await desk.hasher.inSlot(async (slot) => {
    await door.enter();
    await door.count();
    return slot.hash(password);
  });
  const proof = await desk.users.create(newUser(desk, { email, name, roles: [] }), passwordHash);
  if (proof === null) throw new CoatcheckError("email_taken");
  // Where they signed up from is where they will mistype their password first.
  const home = await desk.doors.proof(email, from.ip);
  await home.succeeded();
  return proof;
}

async function prove(desk: Desk, credentials: { readonly email: string; readonly password: string }, from: From): Promise<UserProof> {
  const email = readEmail(credentials.email);
  refuseFault(unreadable(credentials.password), "/password");
  const door = await desk.doors.proof(email, from.ip);
  await door.enter();
  return judge(desk, await desk.users.byEmail(email), credentials.password, door, (slot, proof) =>
    upToDate(desk, slot, proof, credentials.password),
  );
}

async function confirm(desk: Desk, userId: UserId, password: string, from: From): Promise<UserProof> {
  refuseFault(unreadable(password), "/password");
  const found = await desk.users.byId(userId);
  const door = await enterFor(desk, found, userId, from);
  return judge(desk, found, password, door, (slot, proof) => upToDate(desk, slot, proof, password));
}

async function preparePassword(
  desk: Desk,
  userId: UserId,
  { current, next }: { readonly current: string; readonly next: string },
  from: From,
): Promise<PreparedPassword> {
  refuseFault(unreadable(current), "/current");
  const found = await desk.users.byId(userId);
  const { email = "", name = "" } = found?.user ?? {};
  refuseFault(passwordFault(next, { email, name, issuerHost: desk.issuerHost }), "/new");
  const door = await enterFor(desk, found, userId, from);
  return judge(desk, found, current, door, async (slot, proof) => ({
    expect: proof.passwordHash,
    passwordHash: await slot.hash(next),
    proof,
  }));
}

/** Somebody logged in has the same counts as whoever signs in with their address. An id that is gone has counts of its own. */
async function enterFor({ doors }: Desk, found: UserProof | null, userId: UserId, from: From): Promise<ProofDoor> {
  const door = await doors.proof(found?.user.email ?? userId, from.ip);
  await door.enter();
  return door;
}

/**
 * The one place where a password is compared. What takes its time on the way (the queue, the hash) changes no answer: the counts are asked once
 * more when the slot is there, and a failure is counted before the slot goes to the next.
 */
async function judge<T>(
  desk: Desk,
  found: UserProof | null,
  password: string,
  door: ProofDoor,
  onSuccess: (slot: Slot, proof: UserProof) => Promise<T>,
): Promise<T> {
  const enabled = found === null || found.user.disabled ? null : found;
  return desk.hasher.inSlot(async (slot) => {
    await door.enter();
    const fits = await slot.verify(enabled?.passwordHash ?? desk.decoy, password);
    if (enabled === null || !fits) {
      await door.count();
      throw new CoatcheckError("invalid_credentials", { cause: failure(found) });
    }
    await door.succeeded();
    return onSuccess(slot, enabled);
  });
}

function failure(found: UserProof | null): ProofFailure {
  if (found === null) return { reason: "unknown", userId: null };
  return { reason: found.user.disabled ? "disabled" : "wrong", userId: found.user.id };
}

/** Hashes a proved password again if today's parameters are others. Whoever was quicker has done it, or has changed the password. */
async function upToDate({ users, log }: Desk, slot: Slot, proof: UserProof, password: string): Promise<UserProof> {
  if (!needsRehash(proof.passwordHash)) return proof;
  const { id } = proof.user;
  const passwordHash = await slot.hash(password);
  if (!(await users.rehash(id, proof.passwordHash, passwordHash))) return proof;
  log.info("password_rehashed", { userId: id });
  return { ...proof, passwordHash };
}
