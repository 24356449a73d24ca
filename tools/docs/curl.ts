import type { Api, Operation, Schema } from "./description.ts";

/** How each credential is shown with curl. */
const SHOWN: Readonly<Record<string, string>> = {
  cookie: "-b jar.txt",
  bearer: `-H "authorization: Bearer $TOKEN"`,
  metrics: `-H "authorization: Bearer $METRICS_TOKEN"`,
  client: `-u "$CLIENT_ID:$CLIENT_SECRET"`,
};

/** What a member is in an example, where its schema can't say it. */
const VALUES: Readonly<Record<string, string>> = {
  current: "correct horse battery",
  new: "another horse battery",
  refresh_token: "$REFRESH_TOKEN",
  token: "$TOKEN",
  grant_type: "refresh_token",
  sid: "$SID",
};

/** An example that works as it stands, given the variables that it names. */
export function curl(operation: Operation, { server }: Api): string {
  const { method, path, requestBody, security } = operation;
  const scheme = schemeOf(security.map((it) => Object.keys(it)[0] ?? ""));
  const [content] = Object.entries(requestBody?.content ?? {});
  const body = content === undefined ? "" : data(...content);
  const setsCookie = Object.entries(operation.responses).some(
    ([status, { headers }]) => Number(status) < 300 && headers?.["Set-Cookie"] !== undefined,
  );
  return [
    "curl -s",
    // curl makes a GET of a call without data, and a POST of one with.
    method === (body === "" ? "GET" : "POST") ? "" : `-X ${method}`,
    setsCookie && scheme === undefined ? "-c jar.txt" : "",
    `${server.replace("http://", "")}${path.replaceAll(/\{(\w+)\}/g, (_, name: string) => VALUES[name] ?? "")}`,
    scheme === undefined ? "" : (SHOWN[scheme] ?? ""),
    body,
  ]
    .filter((it) => it !== "")
    .join(" ");
}

/** A token where it will do, and no client where none is needed. */
function schemeOf(schemes: readonly string[]): string | undefined {
  if (schemes.includes("bearer")) return "bearer";
  return schemes.includes("") ? undefined : schemes[0];
}

function data(type: string, { schema }: { readonly schema: Schema }): string {
  const members = exampleOf(schema);
  if (type === "application/json")
    return members.length === 0 ? "" : `-H 'content-type: application/json' -d '${JSON.stringify(Object.fromEntries(members))}'`;
  return members.map(([name, value]) => `-d "${name}=${value}"`).join(" ");
}

/** The members that are needed; of a form, those too that its first use needs. */
function exampleOf({ properties = {}, required = [] }: Schema): readonly (readonly [string, string])[] {
  const names = Object.keys(properties).filter(
    (name) => required.includes(name) || (name === "refresh_token" && required.includes("grant_type")),
  );
  return names.map((name) => [name, VALUES[name] ?? properties[name]?.examples?.[0] ?? ""]);
}
