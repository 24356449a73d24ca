import { ConfigError, StoreUnavailable } from "../../core/errors.ts";

// SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html

/**
 * The server can't serve this connection: it is lost (08), out of room or connections (53), stopping, starting or told to (57P), broken (58, XX001, XX002),
 * a standby or read-only by now (25006), has ended an idle transaction (25P03, 25P04), or does not let us in any more (28, 3D000).
 */
const LOST = /^(08...|53...|57P..|58...|XX00[12]|25006|25P0[34]|28...|3D000)$/;

/** This transaction can't be done now: a lock or a time that was not given (55P03, 57014), a conflict with another one (40). */
const REFUSED = /^(55P03|57014|40...)$/;

/** Two transactions were in each other's way, and this one was rolled back: it may be tried again. */
const CONFLICT = /^40(001|P01)$/;

export function sqlState(error: unknown): string | null {
  const { code, severity } = (error ?? {}) as { readonly code?: unknown; readonly severity?: unknown };
  return typeof code === "string" && typeof severity === "string" ? code : null;
}

/** Whether the connection that this came from is of no use any more. What the driver throws without a state of the server's is about the connection too. */
export function isLost(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== null) return LOST.test(state);
  return !(error instanceof TypeError || error instanceof RangeError || error instanceof ConfigError);
}

export function isConflict(error: unknown): boolean {
  return CONFLICT.test(sqlState(error) ?? "");
}

/** What to throw for an error that came out of the driver. All that is no outage is a mistake in this program, and passes as it is. */
export function outage(error: unknown): unknown {
  if (error instanceof StoreUnavailable) return error;
  return isLost(error) || REFUSED.test(sqlState(error) ?? "") ? new StoreUnavailable(error) : error;
}

/** What no waiting mends, said when the store is opened. Null: it may be over in a moment. */
export function setUpMistake(error: unknown, name: string): ConfigError | null {
  const { code, message } = (error ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  const says = (text: string): ConfigError => new ConfigError(`${name} ${text}`, { cause: error });
  const state = sqlState(error);
  if (state === "42501") return says("does not let this role do what is needed: see its grants in docs/operations.md");
  if (state === "3D000") return says("has no such database: make it with createdb, or name another");
  if (state?.startsWith("28") || /password must be a string/.test(String(message)))
    return says("does not let this user in: check user and password of the address, and pg_hba.conf");
  if (/does not support SSL/.test(String(message)))
    return says(
      "speaks no TLS, and is not on this machine: switch it on there (ssl = on), or say sslmode=disable if the way to it is safe",
    );
  if (CERTIFICATE.test(String(code)))
    return says(
      `has a certificate that can't be trusted (${String(code)}): name its authority with sslrootcert, and the host as the certificate does`,
    );
  return null;
}

/** Node's codes for a certificate that was refused (https://nodejs.org/api/tls.html#x509-certificate-error-codes). */
const CERTIFICATE = /^(CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|ERR_TLS_CERT)/;
