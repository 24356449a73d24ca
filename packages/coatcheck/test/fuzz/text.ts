import fc from "fast-check";

// Text that nobody sends in good faith: raw, and grammar-aware (something sound, bent in a few places).

/** What a header can hold: anything but NUL, CR and LF, byte by byte (RFC 9110 §5.5). */
export const headerText = fc.string({
  unit: fc
    .integer({ min: 1, max: 255 })
    .filter((it) => it !== 10 && it !== 13)
    .map((it) => String.fromCharCode(it)),
  maxLength: 80,
});

/** The nearest text that a header can hold. */
export function asHeader(text: string): string {
  return text.replace(/[\0\r\n\u{100}-\u{10ffff}]/gu, "").trim();
}

/** What has confused one parser or another: controls, blanks that are none, delimiters, halves of pairs, names with a meaning. */
const TRICKS = [
  ..."\0\t\n\r \v\f\u00a0\u2000\u2028\ufeff\u0130\u212a\uff0e\ufffd",
  ..."\"'`\\/;:,.=&?#%@+-_~<>()[]{}|^$*!0a",
  ...[
    "\ud800",
    "\udc00",
    "%00",
    "%2e%2e%2f",
    "%u0041",
    "\\u0000",
    "..",
    "//",
    "__proto__",
    "constructor",
    "toString",
    "null",
    "-0",
    "1e400",
  ],
];

const trick = fc.constantFrom(...TRICKS);

export const wildText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.string({ unit: "grapheme", maxLength: 40 }),
  headerText,
  fc.string({ unit: trick, maxLength: 20 }),
);

type Bend = (text: string) => string;

/** Where in a text, as a share of its length, so that one bend fits texts of any length. */
const place = fc.double({ min: 0, max: 1, noNaN: true });

function bendWith(pieces: readonly string[]): fc.Arbitrary<Bend> {
  const piece = pieces.length === 0 ? trick : fc.oneof(trick, fc.constantFrom(...pieces));
  return fc.oneof(
    fc.tuple(place, piece).map(
      ([where, it]): Bend =>
        (text) =>
          splice(text, where, 0, it),
    ),
    fc.tuple(place, piece).map(
      ([where, it]): Bend =>
        (text) =>
          splice(text, where, 1, it),
    ),
    fc.tuple(place, fc.integer({ min: 1, max: 4 })).map(
      ([where, length]): Bend =>
        (text) =>
          splice(text, where, length, ""),
    ),
    fc.tuple(place, place).map(
      ([from, to]): Bend =>
        (text) =>
          text + text.slice(at(text, from), at(text, to)),
    ),
    place.map(
      (where): Bend =>
        (text) =>
          splice(text, where, 1, swapCase(text.charAt(at(text, where)))),
    ),
    place.map(
      (where): Bend =>
        (text) =>
          text.slice(0, at(text, where)),
    ),
    piece.map(
      (it): Bend =>
        (text) =>
          it + text,
    ),
    piece.map(
      (it): Bend =>
        (text) =>
          text + it,
    ),
  );
}

/** A sound text with up to three changes in it; with none it must still pass. */
export function bent(sound: fc.Arbitrary<string>, ...pieces: readonly string[]): fc.Arbitrary<string> {
  const bends = fc.oneof({ weight: 1, arbitrary: fc.constant([]) }, { weight: 6, arbitrary: fc.array(bendWith(pieces), { maxLength: 3 }) });
  return fc.tuple(sound, bends).map(([text, all]) => all.reduce((bending, bend) => bend(bending), text));
}

function at(text: string, where: number): number {
  return Math.floor(where * text.length);
}

function splice(text: string, where: number, length: number, piece: string): string {
  const from = at(text, where);
  return text.slice(0, from) + piece + text.slice(from + length);
}

function swapCase(letter: string): string {
  return letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase();
}
