// Makes ../../src/accounts/common-passwords.ts; run by hand when a source has a newer list, never by a build.
//
//   node packages/coatcheck/test/accounts/common-passwords.make.ts <passwords.json> <common-passwords.txt>
//
// passwords.json         `src/passwords.json` of the npm package @zxcvbn-ts/language-common 4.1.3 (MIT)
// common-passwords.txt   `django/contrib/auth/common-passwords.txt.gz` of Django 3.2.25, unpacked (BSD-3-Clause)
import { readFileSync, writeFileSync } from "node:fs";
import { brotliCompressSync, constants } from "node:zlib";
import { PASSWORD_LENGTH } from "../../src/core/limits.ts";

const TARGET = new URL("../../src/accounts/common-passwords.ts", import.meta.url);
const LINE = /.{1,136}/g;

/** What of some lists is long enough to be a password: lower case, sorted, each word once. */
export function wordsOf(...lists: readonly (readonly string[])[]): readonly string[] {
  const long = lists.flat().filter((word) => [...word].length >= PASSWORD_LENGTH.min);
  return [...new Set(long.map((word) => word.toLowerCase()))].toSorted();
}

/** The text that the module holds: Brotli, then base64, in lines. */
export function pack(words: readonly string[]): string {
  const packed = brotliCompressSync(words.join("\n"), { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } });
  return `\n${(packed.toString("base64").match(LINE) ?? []).join("\n")}\n`;
}

if (import.meta.main) {
  const [json, text] = process.argv.slice(2);
  if (json === undefined || text === undefined) throw new TypeError("give the two lists, as the head of this file says");
  const words = wordsOf(JSON.parse(readFileSync(json, "utf8")) as string[], readFileSync(text, "utf8").split(/\r?\n/));
  writeFileSync(
    TARGET,
    readFileSync(TARGET, "utf8").replace(/`[^`]*`;\n$/, () => `\`${pack(words)}\`;\n`),
  );
  process.stdout.write(`${words.length} words\n`);
}
