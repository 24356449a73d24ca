import { parseSync, Visitor } from "oxc-parser";
import type { Expression } from "oxc-parser";

/** Something in a file that a rule may mind. */
export interface Sighting {
  readonly line: number;
  readonly what: string;
}

/** One source file, as the rules look at it. */
export interface SourceFile {
  /** Below the source folder, with `/`: `http/check.ts`. */
  readonly path: string;
  /** Every module that it names, types included: what an import is erased to does not change who knows whom. */
  readonly imports: readonly Sighting[];
  /** Each use of the machine's own time or randomness. */
  readonly ambient: readonly Sighting[];
  /** Each comparison with the name of a carrier. */
  readonly carrierQuestions: readonly Sighting[];
}

/** What gives time or randomness: members by the object that they are asked of, the others under any object and by themselves. */
const AMBIENT: ReadonlySet<string> = new Set([
  "Date.now",
  "performance.now",
  "Math.random",
  ...["randomUUID", "randomBytes", "randomInt", "getRandomValues", "hrtime"],
]);

const CARRIERS: ReadonlySet<unknown> = new Set(["cookie", "token"]);
const COMPARISONS: ReadonlySet<string> = new Set(["===", "!==", "==", "!="]);

/** @throws SyntaxError with the place, if `text` is not TypeScript. */
export function readSource(path: string, text: string): SourceFile {
  const { program, errors } = parseSync(path, text);
  const [error] = errors;
  if (error !== undefined) throw new SyntaxError(`${path}: ${error.message}`);

  const imports: Sighting[] = [];
  const ambient: Sighting[] = [];
  const carrierQuestions: Sighting[] = [];
  const see = (list: Sighting[], at: number, what: string): void => {
    const line = text.slice(0, at).split("\n").length;
    if (!list.some((seen) => seen.line === line && seen.what === what)) list.push({ line, what });
  };
  const importOf = (source: Expression | null): void => {
    if (source !== null) see(imports, source.start, literal(source) ?? "(a computed name)");
  };
  const questionOf = (asked: Expression | null): void => {
    const name = asked === null ? null : literal(asked);
    if (asked !== null && CARRIERS.has(name)) see(carrierQuestions, asked.start, `"${name}"`);
  };

  new Visitor({
    ImportDeclaration: (node) => importOf(node.source),
    ExportAllDeclaration: (node) => importOf(node.source),
    ExportNamedDeclaration: (node) => importOf(node.source),
    ImportExpression: (node) => importOf(node.source),
    TSImportType: (node) => importOf(node.source),
    TSExternalModuleReference: (node) => importOf(node.expression),
    MemberExpression: (node) => {
      const name = `${lastName(node.object)}.${lastName(node)}`;
      if (AMBIENT.has(name)) see(ambient, node.start, name);
    },
    Identifier: (node) => {
      if (AMBIENT.has(node.name)) see(ambient, node.start, node.name);
    },
    NewExpression: (node) => {
      if (lastName(node.callee) === "Date" && node.arguments.length === 0) see(ambient, node.start, "new Date()");
    },
    CallExpression: (node) => {
      if (lastName(node.callee) === "Date") see(ambient, node.start, "Date()");
    },
    BinaryExpression: (node) => {
      if (!COMPARISONS.has(node.operator)) return;
      questionOf(node.left);
      questionOf(node.right);
    },
    SwitchCase: (node) => questionOf(node.test),
  }).visit(program);

  return { path, imports, ambient, carrierQuestions };
}

function literal(node: Expression): string | null {
  if (node.type === "Literal") return typeof node.value === "string" ? node.value : null;
  if (node.type === "TemplateLiteral" && node.expressions.length === 0) return node.quasis[0]?.value.cooked ?? null;
  return null;
}

/** `now` of `Date.now`, `Date["now"]` and `globalThis.Date.now`; empty for what has no name. */
function lastName(node: Expression | { readonly type: "Super" }): string {
  if (node.type === "Identifier") return node.name;
  if (node.type !== "MemberExpression") return "";
  if (node.computed) return literal(node.property) ?? "";
  return node.property.name;
}
