/** What is well-formed JSON and yet read in two ways by two readers, or by none as it was meant. */
export type Doubt = "member twice" | "escape in a name" | "__proto__" | "half a pair or NUL" | "not finite" | "deep";

export interface Reading {
  readonly value: unknown;
  readonly doubts: ReadonlySet<Doubt>;
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const STRING = /"(?:[^"\\\p{Cc}]|[\x7f-\x9f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy;
const BLANKS = /[ \t\n\r]*/y;
const WORDS: readonly (readonly [string, unknown])[] = [
  ["true", true],
  ["false", false],
  ["null", null],
];

/** A second reader of JSON, by the letter of RFC 8259, written to be plain rather than quick. @returns null for what is none. */
export function readPlainly(text: string): Reading | null {
  const reader = new Reader(text);
  try {
    const value = reader.whole();
    return { value, doubts: reader.doubts };
  } catch (error) {
    if (error instanceof NotJson) return null;
    throw error;
  }
}

class NotJson extends Error {}

class Reader {
  readonly doubts = new Set<Doubt>();
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): unknown {
    const value = this.#value(0);
    if (this.#at !== this.#text.length) throw new NotJson();
    return value;
  }

  #value(depth: number): unknown {
    this.#take(BLANKS);
    const value = this.#bare(depth);
    this.#take(BLANKS);
    return value;
  }

  #bare(depth: number): unknown {
    if (depth >= 32 && "[{".includes(this.#text.charAt(this.#at) || " ")) this.doubts.add("deep");
    if (this.#skip("[")) return this.#items(depth + 1);
    if (this.#skip("{")) return this.#members(depth + 1);
    const word = WORDS.find(([spelling]) => this.#skip(spelling));
    if (word !== undefined) return word[1];
    const text = this.#take(STRING);
    if (text !== null) return this.#unquoted(text);
    const value = Number(this.#take(NUMBER) ?? refuse());
    if (!Number.isFinite(value)) this.doubts.add("not finite");
    return value;
  }

  #items(depth: number): unknown[] {
    const items: unknown[] = [];
    this.#take(BLANKS);
    if (this.#skip("]")) return items;
    do items.push(this.#value(depth));
    while (this.#skip(","));
    return this.#skip("]") ? items : refuse();
  }

  #members(depth: number): Record<string, unknown> {
    const members = new Map<string, unknown>();
    this.#take(BLANKS);
    if (this.#skip("}")) return {};
    do {
      this.#take(BLANKS);
      const quoted = this.#take(STRING) ?? refuse();
      if (quoted.includes("\\")) this.doubts.add("escape in a name");
      const name = this.#unquoted(quoted);
      if (members.has(name)) this.doubts.add("member twice");
      if (name === "__proto__") this.doubts.add("__proto__");
      this.#take(BLANKS);
      if (!this.#skip(":")) refuse();
      members.set(name, this.#value(depth));
    } while (this.#skip(","));
    return this.#skip("}") ? Object.fromEntries(members) : refuse();
  }

  #unquoted(quoted: string): string {
    const text = quoted
      .slice(1, -1)
      .replace(/\\(?:u(....)|(.))/g, (_, hex: string | undefined, letter: string) =>
        hex === undefined ? (ESCAPES[letter] ?? letter) : String.fromCharCode(Number.parseInt(hex, 16)),
      );
    if (text.includes("\0") || !text.isWellFormed()) this.doubts.add("half a pair or NUL");
    return text;
  }

  #skip(spelling: string): boolean {
    if (!this.#text.startsWith(spelling, this.#at)) return false;
    this.#at += spelling.length;
    return true;
  }

  #take(expression: RegExp): string | null {
    expression.lastIndex = this.#at;
    const found = expression.exec(this.#text)?.[0] ?? null;
    this.#at += found?.length ?? 0;
    return found;
  }
}

const ESCAPES: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

function refuse(): never {
  throw new NotJson();
}
