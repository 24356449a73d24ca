import { globSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { parseSync, Visitor } from "oxc-parser";
import type { Expression } from "oxc-parser";
import { REPOSITORY } from "../tools/project.ts";

const SOURCE = join(REPOSITORY, "packages/coatcheck/src");

/** What the rules of security look at in one file of ours. */
export interface Findings {
  readonly path: string;
  readonly regexes: readonly { readonly pattern: string; readonly flags: string }[];
  /** `a === b` and its like, with both sides as they are written. */
  readonly comparisons: readonly { readonly left: string; readonly right: string; readonly text: string }[];
  /** What is imported from a module that encrypts, signs, hashes or draws at random. */
  readonly crypto: readonly string[];
}

const CRYPTO = new Set(["node:crypto", "crypto", "@node-rs/argon2", "jose"]);
const EQUALITY = new Set(["===", "!==", "==", "!="]);

/** Every file below the source folder, read by a parser: what stands in a comment or a text is not code. */
export function readSources(): readonly Findings[] {
  return globSync("**/*.ts", { cwd: SOURCE })
    .toSorted()
    .map((name) => find(name.split(sep).join("/"), readFileSync(join(SOURCE, name), "utf8")));
}

function find(path: string, text: string): Findings {
  const { program } = parseSync(path, text);
  const regexes: { pattern: string; flags: string }[] = [];
  const comparisons: { left: string; right: string; text: string }[] = [];
  const crypto: string[] = [];
  const written = ({ start, end }: { readonly start: number; readonly end: number }): string => text.slice(start, end);
  new Visitor({
    Literal: (node) => {
      if ("regex" in node) regexes.push({ pattern: node.regex.pattern, flags: node.regex.flags });
    },
    BinaryExpression: (node) => {
      if (!EQUALITY.has(node.operator) || isPlain(node.left) || isPlain(node.right)) return;
      comparisons.push({ left: written(node.left), right: written(node.right), text: written(node) });
    },
    ImportDeclaration: (node) => {
      if (node.importKind === "type" || !CRYPTO.has(node.source.value)) return;
      for (const it of node.specifiers) {
        if (it.type !== "ImportSpecifier") crypto.push("*");
        else if (it.importKind !== "type") crypto.push(written(it.imported));
      }
    },
    MemberExpression: (node) => {
      // WebCrypto, which needs no import.
      if (/^crypto(?:\.subtle)?$/.test(written(node.object)) && written(node) !== "crypto.subtle") crypto.push(written(node));
    },
  }).visit(program);
  return { path, regexes, comparisons, crypto: [...new Set(crypto)].toSorted() };
}

/** A comparison with a literal, undefined, a length or a kind says nothing that takes time to learn. */
function isPlain(node: Expression): boolean {
  if (node.type === "Literal" || node.type === "UnaryExpression" || node.type === "TemplateLiteral") return true;
  if (node.type === "Identifier") return node.name === "undefined" || /^[A-Z][A-Z0-9_]*$/.test(node.name);
  return node.type === "MemberExpression" && !node.computed && /^(?:length|byteLength|size|name)$/.test(node.property.name);
}
