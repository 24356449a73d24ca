import { describe, expect, it } from "vitest";
import { findMismatches } from "../../../../tools/codes.ts";
import { readThrows } from "../../../../tools/codes/source.ts";

const TABLES = { CoatcheckError: ["gone", "shut"], OAuthError: ["invalid_grant"] };

/** What is wrong with these files, by their names. */
function mismatches(files: Readonly<Record<string, string>>): readonly string[] {
  return findMismatches(
    Object.entries(files).map(([path, text]) => readThrows(path, text)),
    TABLES,
  );
}

const SOUND = {
  "a.ts": `/** Does it. @throws {gone} when it is gone. @throws {shut} */
    export function a(isGone: boolean) { if (isGone) throw new CoatcheckError("gone"); throw new CoatcheckError("shut"); }`,
  "b.ts": `const no = () => { throw new OAuthError("invalid_grant", "It does not hold."); };`,
};

describe("codes of errors", () => {
  it("fit when each is thrown, told and in its table", () => {
    expect(mismatches(SOUND)).toEqual([]);
  });

  it("that nothing throws have no place in the table, wherever else they are named", () => {
    const files = { ...SOUND, "a.ts": `const listed = { refusals: ["shut"] }; if (code === "shut") throw new CoatcheckError("gone");` };
    expect(mismatches(files)).toEqual(["shut is in the table of CoatcheckError, and nothing throws or answers it"]);
  });

  it("in the other table do not count", () => {
    expect(mismatches({ ...SOUND, "b.ts": `new CoatcheckError("invalid_grant")` })).toEqual([
      "invalid_grant is in the table of OAuthError, and nothing throws or answers it",
    ]);
  });

  it.each([
    ["a condition", `new CoatcheckError(late ? "gone" : "shut")`],
    ["a constant", `const CODE = "shut"; const LATE = CODE; new CoatcheckError("gone"); new CoatcheckError(LATE)`],
    ["a table", `const CODES = { a: "gone", b: "shut" }; new CoatcheckError(CODES[name])`],
    ["part of a row", `const ROWS = { a: { code: "gone" }, b: { code: "shut" } }; const { code } = ROWS[name]; new CoatcheckError(code)`],
    ["what a function returns", `function codeOf(it) { if (it) return "gone"; return "shut"; } new CoatcheckError(codeOf(it))`],
    ["a parameter", `function refuse(route, code) { throw new CoatcheckError(code); } refuse(a, "gone"); refuse(b, "shut");`],
  ])("are found through %s", (_, text) => {
    expect(mismatches({ ...SOUND, "a.ts": text })).toEqual([]);
  });

  it("are found in another file", () => {
    const files = { ...SOUND, "a.ts": `new CoatcheckError("gone"); new CoatcheckError(SHUT)`, "c.ts": `export const SHUT = "shut";` };
    expect(mismatches(files)).toEqual([]);
  });

  it("that a comment promises exist", () => {
    const files = { ...SOUND, "c.ts": `\n/** @returns {nothing} @throws as {@link a}, and {shot} */ export const c = 1;` };
    expect(mismatches(files)).toEqual(["c.ts:2: @throws {shot} names no code of ours"]);
  });

  it("that an exported function throws are in its comment", () => {
    const body = `{ const later = () => { throw new CoatcheckError("shut"); }; throw new CoatcheckError("gone"); }`;
    const files = { ...SOUND, "c.ts": `/** @throws {shut} */\nexport function c() ${body}\nfunction d() ${body}` };
    expect(mismatches(files)).toEqual(["c.ts:2: c throws gone and does not say so: add @throws {gone}"]);
  });
});
