/** For a terminal: what an attacker wrote into a value can't begin a line of its own, move the cursor or turn the text round. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
