import { CoatcheckError } from "../core/errors.ts";

const STRING = /"[^"\\]*(?:\\.[^"\\]*)*"/g;

/**
 * Reads a body's JSON: any value, but every member named once, since of two parsers one keeps the first and one the last. What the text of a
 * member may hold is for the schema to say, which can name the field.
 * @throws {bad_request}
 */
export function parseJson(text: string): unknown {
  const value = parse(text);
  // JSON.parse keeps the last of several members of one name: then fewer come out than colons were written outside of strings.
  const written = text.replace(STRING, "").split(":").length - 1;
  if (written !== countMembers(value)) throw new CoatcheckError("bad_request", { detail: "The body names a member twice." });
  return value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, and that may hold a password.
    throw new CoatcheckError("bad_request", { detail: "The body is not JSON." });
  }
}

/** Without recursion: 64 kB of brackets nest deeper than the stack. */
function countMembers(root: unknown): number {
  const left: unknown[] = [root];
  let members = 0;
  for (let value = left.pop(); value !== undefined; value = left.pop()) {
    if (typeof value !== "object" || value === null) continue;
    if (!Array.isArray(value)) members += Object.keys(value).length;
    for (const inner of Object.values(value)) left.push(inner);
  }
  return members;
}
