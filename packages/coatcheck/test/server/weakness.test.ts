import { createHash, randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { weakness } from "../../src/server/weakness.ts";

/** As base64url text, the way a person would type it into the variable. */
const typed = (text: string): Uint8Array => Buffer.from(text, "base64url");
const bytes = (fill: (index: number) => number, length = 32): Uint8Array => Uint8Array.from({ length }, (_, index) => fill(index));

test.each<[string, Uint8Array, string]>([
  ["31 random bytes", randomBytes(31), "is only 31 bytes long"],
  ["nothing", new Uint8Array(), "is only 0 bytes long"],
  [
    "RFC 7515 A.1",
    typed("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"),
    "is a published example",
  ],
  ["RFC 7520 §3.5", typed("hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg"), "is a published example"],
  ["RFC 7520 §3.6", typed("AAPapAv4LbFbiVawEjagUBluYqN5rhna-8nuldDvOx8"), "is a published example"],
  ["zeros", bytes(() => 0), "repeats itself"],
  ["one letter typed 43 times", typed("A".repeat(42) + "A"), "repeats itself"],
  ["16 random bytes, twice", bytes((index) => index % 16, 32).map((byte) => byte * 16 + 7), "repeats itself"],
  [
    "a 128-bit key, eight times",
    Buffer.concat(Array.from({ length: 8 }, () => Buffer.from("00112233445566778899aabbccddeeff", "hex"))),
    "repeats itself",
  ],
  ["bytes that count", bytes((index) => index), "is a sequence"],
  ["bytes that count down", bytes((index) => 255 - index, 64), "is a sequence"],
  ["bytes that count by seven", bytes((index) => (index * 7) & 0xff, 48), "is a sequence"],
  ["a pass phrase, encoded", Buffer.from("The quick brown fox jumps over 13 lazy dogs!"), "is readable text in another coat"],
  ["an alphabet, encoded", Buffer.from("qwertyuiopasdfghjklzxcvbnm0918273645"), "is readable text in another coat"],
  ["hex, typed", typed("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"), "uses only a few characters"],
  ["words, typed", typed("correct-horse-battery-staple-and-much-zigzag-quiver-flax"), "looks like words"],
  ["words with capitals, typed", typed("CorrectHorseBatteryStapleOverLazyWaterfallsA"), "looks like words"],
  ["a well-known value, typed", typed("my-32-character-ultra-secure-and-ultra-long-secret"), "looks like words"],
  ["an alphabet, typed", typed("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123"), "follows an alphabet"],
  ["words in capitals, typed", typed("QUICK_ZEPHYRS_BLOW_VEXING_DAFT_JIM_FOR_MUCH_PLAY"), "looks like words"],
])("refused: %s", (_, secret, why) => {
  expect(weakness(secret)).toBe(why);
});

test("of 2 000 random-looking secrets of 32 to 95 bytes none is refused", () => {
  const secrets = Array.from({ length: 2_000 }, (_, index) =>
    createHash("shake256", { outputLength: 32 + (index % 64) })
      .update(`secret ${index}`)
      .digest(),
  );
  expect(secrets.map(weakness).filter((why) => why !== null)).toEqual([]);
});
