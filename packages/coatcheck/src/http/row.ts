import type * as v from "valibot";
import type { ErrorCode } from "../core/errors.ts";
import type { Answer } from "./answer.ts";
import type { problemSchema } from "./answers.ts";
import type { Call } from "./call.ts";
import type { OAuthErrorName } from "./oauth-errors.ts";
import type { FieldsSchema } from "./validate.ts";

export type Method = "GET" | "POST" | "DELETE";

/** Which routes an application mounts: `sessions` is `/auth/*`, `tokens` is `/oauth/*` and the public keys; `operations` is always there. */
export type RouteGroup = "sessions" | "tokens" | "operations";

/** What an operation is about, for the reader of the API's description. */
export type Tag = "Accounts" | "Sessions" | "Tokens" | "Operations";

/** What shows who calls; `nothing` where it may be left out. */
export type Credential = "nothing" | "cookie" | "token" | "client" | "metrics";

/** Why a route may say no: one of our codes, or under `/oauth/*` a name of RFC 6749 §5.2. */
export type Refusal = ErrorCode | OAuthErrorName;

/** What a route answers when it has done what it was asked. */
export interface Success {
  /** One sentence for the reader of the API's description. */
  readonly description: string;
  /** What its body holds; none if absent. */
  readonly body?: v.GenericSchema;
  /** The body's type; `application/json` unless set. */
  readonly type?: string;
  /** Whether it comes as server-sent events too, to whoever accepts them. */
  readonly events?: true;
  /** Whether it may set or clear our cookie. */
  readonly setsCookie?: true;
}

/** By status. */
export type Successes = Readonly<Record<number, Success>>;

/** One row of the table of routes: what is called, by whom, with what, and what comes back. The rows are data: the API's description is made from them. */
export interface Route {
  readonly group: RouteGroup;
  readonly method: Method;
  /** With `{name}` for one segment. */
  readonly path: string;
  /** The operation's name in code that is made from the description (`operationId`): in camel case, never changed. */
  readonly id: string;
  readonly tag: Tag;
  /** One line. */
  readonly summary: string;
  /** What a caller must know besides, in Markdown; empty if there is nothing. */
  readonly description: string;
  /** Any one of them will do. */
  readonly credentials: readonly Credential[];
  /** What stands in the path. The handler reads it, since what can't be anything's name is not found only for who may know. */
  readonly params: FieldsSchema | null;
  readonly query: FieldsSchema | null;
  readonly body: FieldsSchema | null;
  /** The type that its body must have. */
  readonly bodyType: "application/json" | "application/x-www-form-urlencoded";
  readonly bodyIsOptional: boolean;
  readonly answers: Successes;
  /** Everything that it may refuse with. `method_not_allowed` is the address's to say, and `internal` nobody's to plan for. */
  readonly refusals: readonly Refusal[];
  run(call: Call): Promise<Answer>;
}

/** What whoever writes a row says of it; what all routes of its kind have in common, the kind adds. */
export interface Row<Q extends Fields, B extends Fields, A extends Successes> {
  readonly group: RouteGroup;
  readonly method: Method;
  readonly path: string;
  readonly id: string;
  readonly tag: Tag;
  readonly summary: string;
  readonly description?: string;
  readonly params?: FieldsSchema;
  readonly query?: Q;
  readonly body?: B;
  readonly bodyIsOptional?: boolean;
  readonly answers: A;
  /** Besides those that every route of its kind may say. */
  readonly refusals?: readonly Refusal[];
}

export type Fields = FieldsSchema | undefined;

type Output<S> = S extends FieldsSchema ? v.InferOutput<S> : Record<never, never>;

/** What a handler gets besides the call: checked, and of the types that the schemas say. */
export interface Input<Q, B> {
  readonly query: Output<Q>;
  readonly body: Output<B>;
}

/** What a handler may answer: a status that its row lists with the body that the row says, or a refusal. */
export type Said<A extends Successes> =
  | Refused
  | Streamed
  | { [S in keyof A & number]: Omit<Answer, "status" | "body"> & { readonly status: S } & BodyOf<A[S]> }[keyof A & number];

/** A refusal as an answer, for the few routes that say more with it than an error that is thrown. */
export type Refused = Answer & { readonly type: "application/problem+json"; readonly body: Shown<v.InferOutput<typeof problemSchema>> };

/** An answer that goes on. */
export type Streamed = Answer & { readonly stream: ReadableStream<Uint8Array>; readonly body?: never };

type BodyOf<S> = S extends { readonly body: infer B extends v.GenericSchema }
  ? { readonly body: Shown<v.InferOutput<B>> }
  : { readonly body?: never };

/** What a schema describes, as an answer shows it: to be read. */
export type Shown<T> = T extends readonly (infer I)[]
  ? readonly Shown<I>[]
  : T extends object
    ? { readonly [K in keyof T]: Shown<T[K]> }
    : T;
