/** Stands for {@link Session.life} of the connection that a statement is sent on. */
export const LIFE: unique symbol = Symbol("the life of the server");

/** What can be handed to a statement. */
export type Value = string | number | boolean | null | Uint8Array | readonly (string | null)[] | readonly number[] | typeof LIFE;

/** One statement with what it is asked for: a value, sent by a connection. */
export interface Call<R> {
  /** The name under which each connection prepares it, once. */
  readonly name: string;
  readonly text: string;
  readonly values: readonly Value[];
  /** Whether it can only find: then what PostgreSQL can't even write down is simply not there. */
  readonly finds: boolean;
  /** What has to be sent ahead of it, and gives nothing. */
  readonly ahead?: readonly Call<unknown>[];
  /** For types alone. */
  readonly row?: R;
}

/** What each of several calls gave. */
export type Rows<C extends readonly Call<unknown>[]> = { -readonly [K in keyof C]: C[K] extends Call<infer R> ? R[] : never };

/** Makes calls of one statement. */
export type Statement<P extends readonly Value[], R> = (...values: P) => Call<R>;

let statements = 0;

function statement<P extends readonly Value[], R>(text: string, finds: boolean): Statement<P, R> {
  const name = `coatcheck_${(statements += 1)}`;
  return (...values) => ({ name, text, values, finds });
}

/** A statement that reads, or takes locks on what is there. */
export function question<P extends readonly Value[], R>(text: string): Statement<P, R> {
  return statement(text, true);
}

/** A statement that writes. */
export function change<P extends readonly Value[], R = unknown>(text: string): Statement<P, R> {
  return statement(text, false);
}

/** PostgreSQL's text has no U+0000 (https://www.postgresql.org/docs/current/datatype-character.html). */
const NUL = "\0";

const hasNul = (value: Value): boolean => (typeof value === "string" ? value.includes(NUL) : Array.isArray(value) && value.some(hasNul));

/** Whether a call asks for what can't be there. */
export function findsNothing(call: Call<unknown>): boolean {
  return call.finds && call.values.some((value) => typeof value === "string" && hasNul(value));
}

/** As the driver takes it. In what is written the character that can't be is shown as U+FFFD, as Unicode has it for what can't be represented. */
export function sendable(value: Value, life: string | null): unknown {
  if (value === LIFE) return life;
  if (typeof value === "string") return value.replaceAll(NUL, "\ufffd");
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return Array.isArray(value) ? value.map((one) => sendable(one, life)) : value;
}
