import type { Settings } from "../../core/settings.ts";
import { ok } from "../answer.ts";
import { metadataSchema } from "../answers.ts";
import { CLIENT_AUTHENTICATION_METHODS } from "../client-authentication.ts";
import { anybody } from "../route.ts";
import { GRANTS } from "./grants.ts";

/** Where the OAuth standards' endpoints and documents stand, below the base path. */
export const PATHS = {
  token: "/oauth/token",
  revocation: "/oauth/revoke",
  introspection: "/oauth/introspect",
  changes: "/oauth/changes",
  jwks: "/.well-known/jwks.json",
  metadata: "/.well-known/oauth-authorization-server",
} as const;

/** Where one of them can be called. */
export function addressOf({ issuer, basePath }: Pick<Settings, "issuer" | "basePath">, path: keyof typeof PATHS): string {
  return `${new URL(issuer).origin}${basePath}${PATHS[path]}`;
}

/** How long anybody may keep it, in seconds. */
const PUBLIC_FOR = 300;

export const metadataRoute = anybody({
  group: "tokens",
  tag: "Tokens",
  method: "GET",
  path: PATHS.metadata,
  id: "getMetadata",
  summary: "What an OAuth client must know of this server (RFC 8414)",
  answers: { 200: { description: "Every endpoint and grant that is there, and none that is not.", body: metadataSchema } },
  answer: ({ site }) => ({ ...ok(metadataOf(site.engine.settings)), publicFor: PUBLIC_FOR }),
});

/** RFC 8414 §2. There is no authorization endpoint, so no response type either. `scopes_supported` is left out: what there is differs by client. */
function metadataOf(settings: Settings) {
  const at = (path: keyof typeof PATHS): string => addressOf(settings, path);
  const withSecret = [...CLIENT_AUTHENTICATION_METHODS];
  return {
    issuer: settings.issuer,
    token_endpoint: at("token"),
    revocation_endpoint: at("revocation"),
    introspection_endpoint: at("introspection"),
    jwks_uri: at("jwks"),
    coatcheck_changes_endpoint: at("changes"),
    grant_types_supported: [...GRANTS.keys()],
    response_types_supported: [],
    token_endpoint_auth_methods_supported: ["none", ...withSecret],
    revocation_endpoint_auth_methods_supported: ["none", ...withSecret],
    introspection_endpoint_auth_methods_supported: withSecret,
  };
}
