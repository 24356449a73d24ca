import { ERRORS } from "../../packages/coatcheck/src/core/errors.ts";
import type { ErrorRow } from "../../packages/coatcheck/src/core/errors.ts";
import { GUARD_ERRORS } from "../../packages/coatcheck/src/core/guard.ts";
import { OAUTH_ERRORS } from "../../packages/coatcheck/src/http/oauth-errors.ts";
import { codesOf } from "./description.ts";
import type { Api } from "./description.ts";
import { code, GENERATED, page, table } from "./markdown.ts";

/** Every error, from the two tables that answer. */
export function errors(api: Api): string {
  return page(
    "# Errors",
    GENERATED,
    `Errors are \`application/problem+json\` (RFC 9457): \`type\`, \`title\`, \`status\`, \`detail\` and a stable \`code\`, which is what a program goes by; with 422, \`errors\` names each field.
The \`type\` is the address of the code's entry in the catalogue that the server shows at \`/errors\`, for example \`http://localhost:3000/errors#not_found\`; the entries here have the same names.
The library throws the same codes, as the \`code\` of a \`CoatcheckError\`.`,
    "## Codes",
    table(["code", "status", "what it is"], rowsOf(ERRORS)),
    ...entries(ERRORS, api),
    "## Refusals of guards",
    "A guard (`auth.guard`, `verifier.guard`: [verifier.md](verifier.md#guards)) refuses with codes from above, and with these, which no address of the server answers.",
    table(["code", "status", "what it is"], rowsOf(GUARD_ERRORS)),
    ...entries(GUARD_ERRORS, api),
    `## OAuth errors`,
    `Under \`/oauth\` errors have the form of RFC 6749 §5.2: \`error\` and \`error_description\`. An error of ours has the standard's nearest name there (\`invalid_request\`; \`temporarily_unavailable\` for
429 and 503; \`server_error\` for 500), its own status, and its \`code\` beside it.`,
    table(["error", "status", "what it is"], rowsOf(OAUTH_ERRORS)),
    ...entries(OAUTH_ERRORS, api),
  );
}

type Table = Readonly<Record<string, ErrorRow>>;

function rowsOf(rows: Table): readonly (readonly string[])[] {
  return Object.entries(rows).map(([name, { status, title }]) => [`[${code(name)}](#${name})`, String(status), title]);
}

function entries(rows: Table, api: Api): readonly string[] {
  return Object.entries(rows).map(([name, { status, title, mend }]) =>
    page(`### ${code(name)}`, `**${status}**. ${title}.`, `Mend: ${mend}`, whoSays(name, api)).trimEnd(),
  );
}

/** Where it may come from; nothing for what any address may say. */
function whoSays(name: string, { operations }: Api): string {
  const all = operations.filter(({ responses }) => Object.values(responses).some((answer) => codesOf(answer).includes(name)));
  if (all.length === operations.length) return "From every address.";
  return all.length === 0 ? "" : `From ${all.map(({ method, path }) => code(`${method} ${path}`)).join(", ")}.`;
}
