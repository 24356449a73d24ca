/** The names that mean something to us: every other claim in a token is the application's own. */
export const OUR_CLAIMS: ReadonlySet<string> = new Set([
  "iss",
  "aud",
  "sub",
  "client_id",
  "iat",
  "exp",
  "nbf",
  "jti",
  "sid",
  "roles",
  "auth_time",
  "amr",
  "scope",
  "rsq",
]);
