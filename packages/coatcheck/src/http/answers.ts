import * as v from "valibot";

// One schema for each body that is answered. The routes' handlers are typed by them, and the API's description is made from them.

const time = v.pipe(v.string(), v.isoTimestamp(), v.description("ISO 8601, in UTC."));
const text = (description: string) => v.pipe(v.string(), v.description(description));
const texts = (description: string) => v.pipe(v.array(v.string()), v.description(description));

/** A built-in account. */
export const accountSchema = v.object({
  id: text("`usr_` and 22 characters."),
  email: v.pipe(v.string(), v.email(), v.description("The one spelling of the address.")),
  name: text("Empty if none was given."),
  roles: texts("What the account may do, as the application reads it."),
  emailVerified: v.pipe(v.boolean(), v.description("Whether the address was proved.")),
  createdAt: time,
});

/** A user of the application's own, with whatever profile its table has. */
export const userSchema = v.looseObject({
  id: text("The user's id in the application's table."),
  roles: texts("What the application's table says."),
});

const device = v.object({
  label: text("Words for a person, for example `Firefox on Linux`."),
  userAgent: text("The `User-Agent` as sent, at most 512 characters."),
  ip: text("The client's address; empty when there was none to see."),
});

export const sessionSchema = v.object({
  sid: text("The session's public name. It lets nobody in."),
  carrier: v.pipe(v.picklist(["cookie", "token"]), v.description("What the client carries to show its session again.")),
  createdAt: time,
  lastSeenAt: v.pipe(time, v.description("Exact to a minute.")),
  authTime: v.pipe(time, v.description("When the person last proved themselves.")),
  expiresAt: v.pipe(time, v.description("The absolute limit. Never moves.")),
  idleExpiresAt: v.pipe(time, v.description("The idle limit. Slides with activity.")),
  amr: texts("How the login was proved: methods of RFC 8176."),
  device,
});

/** A session in the list of all of them. */
const listedSchema = v.object({
  ...sessionSchema.entries,
  current: v.optional(v.pipe(v.literal(true), v.description("There on the session that asks, and on no other."))),
});

/** RFC 6749 §5.1, for a session's refresh token: what a client of the token carrier is handed. */
const tokensSchema = v.object({
  access_token: text("A JWT (RFC 9068): `Authorization: Bearer …`."),
  token_type: v.literal("Bearer"),
  expires_in: v.pipe(v.number(), v.integer(), v.minValue(0), v.description("Seconds.")),
  refresh_token: text("Good once; the answer to its use has the next one."),
});

/** RFC 6749 §4.4.3: a client's own token has nothing that renews it. */
const clientTokenSchema = v.object({
  access_token: tokensSchema.entries.access_token,
  token_type: tokensSchema.entries.token_type,
  expires_in: tokensSchema.entries.expires_in,
  scope: v.optional(text("What was granted, separated by spaces; absent if that is nothing.")),
});

/** What a grant yields. */
export const grantedSchema = v.union([tokensSchema, clientTokenSchema]);

const seconds = v.pipe(v.number(), v.integer(), v.minValue(0), v.description("Seconds since 1970."));

/** RFC 7662 §2.2. */
export const introspectionSchema = v.union([
  v.strictObject({
    active: v.pipe(v.literal(false), v.description("It does not hold, or is none of the asker's business: nothing more is said.")),
  }),
  v.looseObject({
    active: v.literal(true),
    token_type: v.optional(v.pipe(v.literal("Bearer"), v.description("There for an access token, and for no refresh token."))),
    iss: v.string(),
    sub: text("A user's id; of a client's own token, the client's."),
    client_id: v.string(),
    iat: seconds,
    exp: seconds,
    sid: v.optional(text("The session; a client's own token has none.")),
    scope: v.optional(v.string()),
  }),
]);

const position = v.pipe(v.number(), v.integer(), v.minValue(0), v.description("A position of the log. Larger is later."));

/** What the change feed says. */
export const changesSchema = v.object({
  incarnation: text("Names the store."),
  from: v.pipe(position, v.description("What was asked from.")),
  head: v.pipe(position, v.description("Everything up to here is in it, or was known before: ask from here next time.")),
  mark: text("The mark of the log at `head`: random, and never that of another position, nor of this one after a restore."),
  from_mark: text(
    "The mark of the log at `from`; empty for 0. If it is not the `mark` that came with that position, the store was put back: begin anew.",
  ),
  lease: v.pipe(
    v.number(),
    v.minValue(0),
    v.description("Seconds for which whoever asked may decide from memory, from when it sent the question."),
  ),
  now: v.pipe(v.number(), v.description("The store's clock: seconds since 1970, with a fraction.")),
  entries: v.pipe(
    v.array(
      v.object({
        seq: position,
        kind: v.pipe(
          v.picklist([
            ...(["sid", "user", "client", "key", "global"] as const),
            ...(["invalidate-sid", "invalidate-user", "invalidate-keys", "invalidate-all"] as const),
          ]),
          v.description("What has ended, or (`invalidate-`) changed."),
        ),
        key: text("Of what kind says: a `sid`, or a user's, client's or key's id; empty where the kind says it all."),
        exp: v.pipe(v.number(), v.integer(), v.description("Seconds since 1970: from then on it can hit nothing any more.")),
      }),
    ),
    v.description("In the order of the log."),
  ),
});

/** RFC 8414 §2. */
export const metadataSchema = v.object({
  issuer: v.pipe(v.string(), v.url()),
  token_endpoint: v.pipe(v.string(), v.url()),
  revocation_endpoint: v.pipe(v.string(), v.url()),
  introspection_endpoint: v.pipe(v.string(), v.url()),
  jwks_uri: v.pipe(v.string(), v.url()),
  coatcheck_changes_endpoint: v.pipe(v.string(), v.url(), v.description("The change feed: an extension of this server's own.")),
  grant_types_supported: texts("What `grant_type` may be."),
  response_types_supported: texts("Empty: there is no authorization endpoint."),
  token_endpoint_auth_methods_supported: texts("`none` is the built-in public client."),
  revocation_endpoint_auth_methods_supported: texts("`none` is the built-in public client."),
  introspection_endpoint_auth_methods_supported: texts("A client with a secret alone."),
});

/** Where a credential is handed over: a cookie's stands in `Set-Cookie` alone, tokens stand beside the rest. */
const handed = <E extends v.ObjectEntries>(entries: E) => v.union([v.object({ ...tokensSchema.entries, ...entries }), v.object(entries)]);

export const signedInSchema = handed({ user: accountSchema, session: sessionSchema });
export const renewedSchema = handed({ session: sessionSchema });
/** @param user what users are here: built-in accounts, or the application's own. */
export const meSchema = (user: v.GenericSchema<v.InferOutput<typeof accountSchema> | v.InferOutput<typeof userSchema>>) =>
  v.object({ user, session: sessionSchema });
export const sessionsSchema = v.object({ sessions: v.pipe(v.array(listedSchema), v.description("The latest activity first.")) });
export const endedSchema = v.object({
  ended: v.pipe(v.number(), v.integer(), v.minValue(0), v.description("How many sessions were live and are no more.")),
});

/** RFC 7517 §5: the members that every key has, whatever its type. */
export const jwksSchema = v.object({
  keys: v.array(v.looseObject({ kty: v.string(), kid: v.string(), alg: v.string(), use: v.literal("sig") })),
});

export const aliveSchema = v.object({ status: v.literal("alive") });
export const readySchema = v.object({ status: v.literal("ready") });

/** OpenAPI 3.1: what every such document has. */
export const descriptionSchema = v.looseObject({ openapi: v.string(), info: v.looseObject({}), paths: v.looseObject({}) });

/** RFC 9457: the error form of everything but `/oauth/*`. */
export const problemSchema = v.object({
  type: v.pipe(v.string(), v.url(), v.description("The address of this code's entry in the catalogue.")),
  title: text("What it is; the same for each occurrence."),
  status: v.pipe(v.number(), v.integer(), v.minValue(400), v.maxValue(599)),
  detail: text("This occurrence, or what to do about it. For people."),
  code: text("Stable: what a program goes by."),
  errors: v.optional(
    v.pipe(
      v.array(v.object({ pointer: text("Where in the body: a JSON pointer (RFC 6901), for example `/email`."), detail: v.string() })),
      v.description("With 422: what is wrong with each field."),
    ),
  ),
});

/** RFC 6749 §5.2: the error form of `/oauth/*`. */
export const oauthErrorSchema = v.object({
  error: text("The standard's name for it."),
  error_description: text("For people."),
  code: v.optional(text("There if the error is one of this server's own: what a program goes by.")),
  snapshot: v.optional(
    v.pipe(v.string(), v.url(), v.description("With 409 of the change feed: the address where everything can be had anew.")),
  ),
});
