import type { Engine } from "./engine.ts";
import type { Method, Route, RouteGroup } from "./route.ts";
import { describe } from "./openapi/document.ts";
import { accountRoutes, meRoute } from "./routes/account.ts";
import { descriptionRoute, operationRoutes } from "./routes/operations.ts";
import { metricsRoute } from "./routes/metrics.ts";
import { sessionRoutes } from "./routes/sessions.ts";
import { signInRoutes } from "./routes/sign-in.ts";
import { signOutRoute } from "./routes/sign-out.ts";
import { tokenRoutes } from "./routes/tokens.ts";

/**
 * Every route there is, as rows. What proves a person exists only with built-in accounts: an application with users of its own proves them itself.
 */
export function routeTable(
  { accounts, settings, opensMetrics }: Pick<Engine, "accounts" | "settings" | "opensMetrics">,
  groups: readonly RouteGroup[],
): readonly Route[] {
  const built = accounts === null ? [] : [...signInRoutes(accounts, settings.signUp), ...accountRoutes(accounts)];
  const description = descriptionRoute(() => describe(table, settings));
  const operations = [...operationRoutes, ...(opensMetrics === null ? [] : [metricsRoute]), description];
  const all = [...built, signOutRoute, meRoute(accounts), ...sessionRoutes, ...tokenRoutes, ...operations];
  const table = all.filter(({ group }) => groups.includes(group));
  return table;
}

/** What stands at one address. */
export interface Address {
  readonly path: string;
  readonly methods: ReadonlyMap<Method, Route>;
  readonly params: Readonly<Record<string, string>>;
}

/**
 * Finds what stands at a path. A path has one spelling: nothing is decoded and nothing is cleaned up, so `//`, `%2e`, an encoded or a trailing
 * slash name nothing (and can't slip past a limit in front of us that knows the plain spelling).
 */
export function createRouter(table: readonly Route[]): (path: string) => Address | null {
  const plain = new Map<string, Address>();
  const patterns: { readonly path: string; readonly methods: Address["methods"]; readonly expression: RegExp }[] = [];
  for (const [path, methods] of methodsByPath(table)) {
    if (path.includes("{")) patterns.push({ path, methods, expression: compile(path) });
    else plain.set(path, { path, methods, params: {} });
  }

  return (path) => {
    const address = plain.get(path);
    if (address !== undefined) return address;
    for (const { expression, ...pattern } of patterns) {
      const params = expression.exec(path)?.groups;
      if (params !== undefined) return { ...pattern, params };
    }
    return null;
  };
}

function methodsByPath(table: readonly Route[]): ReadonlyMap<string, Address["methods"]> {
  const paths = new Map<string, Map<Method, Route>>();
  for (const route of table) paths.set(route.path, (paths.get(route.path) ?? new Map<Method, Route>()).set(route.method, route));
  return paths;
}

/** `{name}` stands for one segment of unreserved characters (RFC 3986 §2.3), but for `.` and `..`, which name other places (§3.3). */
function compile(pattern: string): RegExp {
  return new RegExp(`^${pattern.replaceAll(".", "\\.").replace(/\{(\w+)\}/g, "(?<$1>(?!\\.{1,2}(?:/|$))[A-Za-z0-9_.~-]+)")}$`);
}
