/** A node of the syntax tree, as far as it is looked at here. */
export interface AnyNode {
  readonly type: string;
  readonly start: number;
  readonly name?: string;
  readonly value?: unknown;
  readonly computed?: boolean;
  readonly id?: AnyNode | null;
  readonly init?: AnyNode | null;
  readonly callee?: AnyNode;
  readonly argument?: AnyNode | null;
  readonly arguments?: readonly AnyNode[];
  readonly params?: readonly AnyNode[];
  readonly declaration?: AnyNode | null;
  readonly body?: unknown;
}

/** A node and all within it, without the names of members: they name nothing that has a value of its own. */
export function* nodesIn(node: AnyNode): Generator<AnyNode> {
  yield node;
  for (const inner of innerOf(node)) yield* nodesIn(inner);
}

/** The same without what other functions within it do. */
export function* ownNodesIn(node: AnyNode): Generator<AnyNode> {
  yield node;
  for (const inner of innerOf(node)) if (!isFunction(inner)) yield* ownNodesIn(inner);
}

function isFunction({ type }: AnyNode): boolean {
  return type === "FunctionDeclaration" || type === "FunctionExpression" || type === "ArrowFunctionExpression";
}

function* innerOf(node: AnyNode): Generator<AnyNode> {
  for (const [member, value] of Object.entries(node)) {
    if (node.computed === false && (member === "property" || (member === "key" && node.type === "Property"))) continue;
    for (const inner of Array.isArray(value) ? (value as unknown[]) : [value]) if (isNode(inner)) yield inner;
  }
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}
