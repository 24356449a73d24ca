import type { Accounts } from "../../src/accounts/accounts.ts";
import type { Issued } from "../../src/carriers/carrier.ts";
import type { Composed } from "../../src/compose.ts";
import { CoatcheckError } from "../../src/core/errors.ts";
import type { AuditEvent, Log, SigningKeyRecord, Store } from "../../src/core/ports.ts";
import { algorithm } from "../../src/crypto/algorithms.ts";
import { encode } from "../../src/crypto/base64url.ts";
import { deriveSecrets } from "../../src/crypto/secrets.ts";
import { unsealSigningKey } from "../../src/crypto/signing.ts";
import type { Engine } from "../../src/http/engine.ts";
import type { RequestSpan, TraceParent, Tracer } from "../../src/observe/tracer.ts";
import { jsonLog } from "../../src/server/log.ts";
import { collectDatabase } from "./database.ts";
import { collect, minted, refreshSecret, ticketSecret, tokenSecret, typed } from "./sinks.ts";

type Method = (...args: unknown[]) => unknown;

/** The same object; `see` gets each call of these methods, with what came of it. */
function seeing<T extends object>(target: T, names: readonly (keyof T)[], see: (args: readonly unknown[], result: unknown) => void): T {
  return new Proxy(target, {
    get: (of, name) => {
      const method: unknown = Reflect.get(of, name);
      if (typeof method !== "function") return method;
      if (!(names as readonly PropertyKey[]).includes(name)) return (...args: unknown[]): unknown => Reflect.apply(method, of, args);
      return (...args: unknown[]): unknown => {
        const result: unknown = (method as Method).apply(of, args);
        if (!(result instanceof Promise)) {
          see(args, result);
          return result;
        }
        return result.then((value: unknown) => {
          see(args, value);
          return value;
        });
      };
    },
  });
}

/** The lines as the server would write them, whatever the test makes of them. */
const lines = jsonLog({ write: (line) => collect("log", line) });

export function witnessedLog(log: Log): Log {
  const both =
    (level: keyof Log) =>
    (event: string, fields?: Readonly<Record<string, unknown>>): void => {
      lines[level](event, fields);
      log[level](event, fields);
    };
  return { info: both("info"), warn: both("warn"), error: both("error") };
}

/** A store whose rows of the trail are collected, and whose password hashes and signing keys are noted. */
export function witnessedStore(store: Store, masters: readonly Uint8Array[]): Store {
  const secrets = deriveSecrets(masters);
  for (const { ticketKey, refreshKey, refreshCheckKey, sealKey, throttleKey } of secrets.readers)
    for (const key of [ticketKey, refreshKey, refreshCheckKey, sealKey, throttleKey]) minted("derived_key", encode(key));
  for (const master of masters) minted("master", encode(master));
  return {
    ...store,
    users: seeing(store.users, ["create", "rehash", "changePassword", "setPassword"], (args) => noteHashes(args)),
    keys: seeing(store.keys, ["list", "change"], (_, records) => {
      for (const record of records as readonly SigningKeyRecord[]) noteKey(record, secrets.readers[0]?.sealKey);
    }),
    audit: seeing(store.audit, ["append"], ([event]) => collect("audit", JSON.stringify(event as AuditEvent))),
  };
}

function noteHashes(args: readonly unknown[]): void {
  const found = JSON.stringify(args).match(/\$argon2id\$[^"]*/g) ?? [];
  for (const phc of found) minted("phc", phc.slice(phc.lastIndexOf("$") + 1));
}

const keys = new Set<string>();

function noteKey({ kid, alg, sealed }: SigningKeyRecord, sealKey: Uint8Array | undefined): void {
  const its = algorithm(alg);
  if (keys.has(kid) || its === undefined || sealKey === undefined || sealed === null) return;
  keys.add(kid);
  const key = unsealSigningKey(its, kid, sealed, sealKey);
  const { key: privateKey } = key?.signWith ?? {};
  if (privateKey !== undefined && "export" in privateKey) minted("private_key", String(privateKey.export({ format: "jwk" }).d));
}

/** A tracer that goes on to the other, if there is one, and collects what each span says. */
export function witnessedTracer(tracer: Tracer | null): Tracer {
  const say = (...said: unknown[]): void => collect("spans", JSON.stringify(said));
  return {
    request: <T>(parent: TraceParent | null, work: (span: RequestSpan) => Promise<T>): Promise<T> => {
      const seen = (span: RequestSpan | null): Promise<T> =>
        work({
          update: (name, attributes) => {
            say(name, attributes);
            span?.update(name, attributes);
          },
          fail: (code) => {
            say(code);
            span?.fail(code);
          },
        });
      return tracer === null ? seen(null) : tracer.request(parent, seen);
    },
    within: (name, attributes, work) => {
      say(name, attributes);
      return tracer === null ? work() : tracer.within(name, attributes, work);
    },
  };
}

function noteIssued(issued: unknown): void {
  const { shown } = (issued ?? {}) as Partial<Issued>;
  if (shown === undefined) return;
  if (shown.carrier === "cookie") return minted("ticket", ticketSecret(shown.ticket));
  minted("access_token", tokenSecret(shown.accessToken));
  minted("refresh_token", refreshSecret(shown.refreshToken));
}

/** Passwords that were good enough to be compared or stored; others are anything at all. */
function noteTyped(accounts: Accounts): Accounts {
  const noting =
    <A extends readonly unknown[], R>(call: (...args: A) => Promise<R>, passwords: (args: A) => readonly string[]) =>
    async (...args: A): Promise<R> => {
      try {
        const result = await call(...args);
        for (const password of passwords(args)) typed(password);
        return result;
      } catch (error) {
        if (error instanceof CoatcheckError && error.code === "invalid_credentials")
          for (const password of passwords(args)) typed(password);
        throw error;
      }
    };
  return {
    signUp: noting(accounts.signUp, ([{ password }]) => [password]),
    prove: noting(accounts.prove, ([{ password }]) => [password]),
    confirm: noting(accounts.confirm, ([, password]) => [password]),
    preparePassword: noting(accounts.preparePassword, ([, { current, next }]) => [current, next]),
  };
}

/** The set-up, whose credentials are noted and whose metrics and database are collected when it closes. */
export function witnessed(composed: Composed, store: Store): Composed {
  const { engine } = composed;
  const seen: Engine = {
    ...engine,
    audit: (event) => engine.audit(event),
    accounts: engine.accounts === null ? null : noteTyped(engine.accounts),
    sessions: seeing(engine.sessions, ["start", "confirm", "changePassword"], (_, issued) => noteIssued(issued)),
    tokens: seeing(engine.tokens, ["refresh"], (_, refreshed) => noteIssued((refreshed as { readonly issued?: Issued }).issued)),
  };
  return {
    ...composed,
    engine: seen,
    close: async () => {
      collect("metrics", engine.metrics.render());
      await composed.close();
      collectDatabase(store.name);
    },
  };
}
