import { parseScope } from "./clients.ts";
import { ConfigError } from "./errors.ts";
import { parseDuration } from "./time.ts";
import type { Duration, Milliseconds } from "./time.ts";

/** What is asked of a person who is logged in; all that is named must hold. */
export interface UserNeeds {
  /** Roles that they must have, every one. */
  readonly roles?: readonly string[];
  /** Roles of which they must have one at least. */
  readonly anyRole?: readonly string[];
  /** How long ago they may have proved themselves at most. Refreshing a token proves nothing. */
  readonly maxAge?: Duration;
  /** Methods that their login must have been proved with, every one (RFC 8176), for example `["mfa"]`. */
  readonly amr?: readonly string[];
}

/** What is asked of a program that comes with a token of its own. */
export interface ClientNeeds {
  /** Scopes that its token must have, every one (RFC 6749 §3.3). */
  readonly scopes?: readonly string[];
}

/** Who may come, and what is asked of them. A kind that is not named may not come at all. */
export interface Needs {
  readonly user?: UserNeeds;
  readonly client?: ClientNeeds;
}

/** The same, read: nothing in it is left to be asked. */
export interface UserDemands {
  readonly roles: readonly string[];
  readonly anyRole: readonly string[] | null;
  readonly maxAge: Milliseconds | null;
  readonly amr: readonly string[];
}

export interface ClientDemands {
  readonly scopes: readonly string[];
}

export interface Demands {
  readonly user: UserDemands | null;
  readonly client: ClientDemands | null;
}

/** @throws ConfigError for what can't be meant: a guard that was misspelt would let in whom it should not. */
export function readNeeds(needs: Needs): Demands {
  const { user, client } = membersOf(needs, "a guard", ["user", "client"]);
  if (user === undefined && client === undefined) throw new ConfigError("a guard: say who may come: user, client, or both");
  return { user: user === undefined ? null : readUser(user), client: client === undefined ? null : readClient(client) };
}

function readUser(needs: UserNeeds): UserDemands {
  const { roles, anyRole, maxAge, amr } = membersOf(needs, "user", ["roles", "anyRole", "maxAge", "amr"]);
  const age = maxAge === undefined ? null : parseDuration(maxAge);
  if (maxAge !== undefined && age === null) throw new ConfigError('user.maxAge: a length of time, like "15m"');
  return {
    roles: roles === undefined ? [] : listOf("user.roles", roles),
    anyRole: anyRole === undefined ? null : listOf("user.anyRole", anyRole),
    maxAge: age,
    amr: amr === undefined ? [] : namesIn("user.amr", amr),
  };
}

function readClient(needs: ClientNeeds): ClientDemands {
  const { scopes } = membersOf(needs, "client", ["scopes"]);
  return { scopes: scopes === undefined ? [] : namesIn("client.scopes", scopes) };
}

function membersOf<T extends object>(given: T, what: string, names: readonly (keyof T & string)[]): T {
  if (typeof given !== "object" || given === null) throw new ConfigError(`${what}: an object with ${names.join(", ")}`);
  const unknown = Object.keys(given).find((name) => !(names as readonly string[]).includes(name));
  if (unknown !== undefined) throw new ConfigError(`${what}: there is no "${unknown}"; there are ${names.join(", ")}`);
  return given;
}

/** An empty list asks nothing, or of nobody: whoever wrote one meant another. */
function listOf(what: string, list: readonly string[]): readonly string[] {
  if (!Array.isArray(list) || list.length === 0 || !list.every((it) => typeof it === "string" && it !== ""))
    throw new ConfigError(`${what}: a list with one text or more, or leave it out`);
  return [...(list as readonly string[])];
}

/** Names that stand in a header, as scopes are spelled (RFC 6749 §3.3). */
function namesIn(what: string, list: readonly string[]): readonly string[] {
  const names = listOf(what, list);
  if (names.some((name) => name.includes(" ") || parseScope(name) === null))
    throw new ConfigError(`${what}: names without a space, a quote or a backslash`);
  return names;
}
