import { parseSync } from "oxc-parser";
import type { Comment } from "oxc-parser";
import { nodesIn, ownNodesIn } from "./nodes.ts";
import type { AnyNode } from "./nodes.ts";

/** What an expression may be made of: texts, and names of other things. */
export interface Made {
  readonly texts: readonly string[];
  readonly names: readonly string[];
}

/** What one file says of errors. */
export interface Throws {
  readonly path: string;
  /** The first argument of each `new …Error(…)`. */
  readonly made: readonly (Made & { readonly errorClass: string })[];
  /** Constants, functions and their parameters, with what they hold, return or are called with. */
  readonly values: ReadonlyMap<string, Made>;
  /** Each call of a function by its name. */
  readonly calls: readonly { readonly name: string; readonly given: readonly Made[] }[];
  /** Of each function, the names of its parameters. */
  readonly parameters: ReadonlyMap<string, readonly string[]>;
  /** Each `@throws {code}`. */
  readonly tags: readonly { readonly line: number; readonly code: string }[];
  /** What an exported function throws in its own body, by a code that its comment does not name. */
  readonly untold: readonly { readonly line: number; readonly name: string; readonly code: string }[];
}

/** Everything from `@throws` to the next tag or the end of the comment. */
const TAG = /@throws\b((?:\{@link|[^@])*)/g;
const CODE = /\{(\w+)\}/g;

/** @throws SyntaxError with the place, if `text` is not TypeScript. */
export function readThrows(path: string, text: string): Throws {
  const { program, comments, errors } = parseSync(path, text);
  const [error] = errors;
  if (error !== undefined) throw new SyntaxError(`${path}: ${error.message}`);
  const lineOf = (at: number): number => text.slice(0, at).split("\n").length;
  const nodes = [...nodesIn(program)];
  const functions = nodes.filter((node) => node.type === "FunctionDeclaration");
  return {
    path,
    made: nodes.filter((node) => node.type === "NewExpression").flatMap(errorMade),
    values: new Map([...nodes.flatMap(constants), ...functions.map(returned)]),
    calls: nodes.filter((node) => node.type === "CallExpression").flatMap(called),
    parameters: new Map(functions.map((node) => [nameOf(node.id), listOf(node.params).map(nameOf)])),
    tags: comments.flatMap((comment) => codesIn(comment).map((code) => ({ line: lineOf(comment.start), code }))),
    untold: nodes
      .filter((node) => node.type === "ExportNamedDeclaration" && node.declaration?.type === "FunctionDeclaration")
      .flatMap((node) => untoldOf(node, comments, text).map((it) => ({ ...it, line: lineOf(node.start) }))),
  };
}

function errorMade({ callee, arguments: given }: AnyNode): Throws["made"] {
  const [code] = listOf(given);
  return code === undefined ? [] : [{ errorClass: nameOf(callee), ...madeOf(code) }];
}

function called({ callee, arguments: given }: AnyNode): Throws["calls"] {
  return nameOf(callee) === "" ? [] : [{ name: nameOf(callee), given: listOf(given).map(madeOf) }];
}

/** `const name = …`, and `const { name } = …` for each name in it. */
function constants(node: AnyNode): readonly (readonly [string, Made])[] {
  if (node.type !== "VariableDeclarator" || node.init == null) return [];
  const made = madeOf(node.init);
  return [...nodesIn(node.id as AnyNode)].filter(({ type }) => type === "Identifier").map((it) => [nameOf(it), made]);
}

function returned(node: AnyNode): readonly [string, Made] {
  const all = [...ownNodesIn(node)].filter(({ type, argument }) => type === "ReturnStatement" && argument != null);
  return [nameOf(node.id), madeOf({ type: "All", start: 0, body: all })];
}

function untoldOf(node: AnyNode, comments: readonly Comment[], text: string): readonly { name: string; code: string }[] {
  const declared = node.declaration as AnyNode;
  const told = comments.filter(({ end }) => end <= node.start && text.slice(end, node.start).trim() === "").flatMap(codesIn);
  const thrown = [...ownNodesIn(declared)].filter(({ type }) => type === "ThrowStatement").map(({ argument }) => argument as AnyNode);
  const codes = thrown.filter(({ type }) => type === "NewExpression").flatMap((it) => literal(listOf(it.arguments)[0]));
  return codes.filter((code) => !told.includes(code)).map((code) => ({ name: nameOf(declared.id), code }));
}

function codesIn({ value }: Comment): readonly string[] {
  return [...value.matchAll(TAG)].flatMap(([, said = ""]) => [...said.matchAll(CODE)].map(([, code]) => code as string));
}

function madeOf(node: AnyNode): Made {
  const inside = [...nodesIn(node)];
  return { texts: inside.flatMap(literal), names: inside.filter(({ type }) => type === "Identifier").map(nameOf) };
}

function literal(node: AnyNode | undefined): readonly string[] {
  return node?.type === "Literal" && typeof node.value === "string" ? [node.value] : [];
}

function nameOf(node: AnyNode | null | undefined): string {
  return node?.type === "Identifier" ? (node.name ?? "") : "";
}

function listOf(nodes: readonly AnyNode[] | undefined): readonly AnyNode[] {
  return nodes ?? [];
}
