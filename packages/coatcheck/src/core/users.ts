import type { UserId } from "./ids.ts";
import type { MaybePromise } from "./maybe.ts";
import type { JsonValue, SessionRecord } from "./session.ts";

/** What Coatcheck needs to know of a user, whoever keeps the table. */
export interface UserView {
  readonly id: string;
  readonly roles: readonly string[];
  readonly disabled: boolean;
  /** Shown by `GET /auth/me` and nowhere else; never in a token. */
  readonly profile?: Readonly<Record<string, JsonValue>>;
}

/** Where users are read from: the built-in accounts, or the application's own table. */
export interface UserDirectory {
  /** @returns null if there is no such user. */
  get(id: UserId): MaybePromise<UserView | null>;
}

/** The claims that the application has declared: by name, each with the function that fills it from the user and the session. */
export type DeclaredClaims = Readonly<Record<string, (user: UserView, session: SessionRecord) => JsonValue>>;
