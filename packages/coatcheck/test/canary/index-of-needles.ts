/** A needle and what it belongs to. */
export interface Needle<T> {
  readonly bytes: Buffer;
  readonly of: T;
}

export interface Hit<T> {
  readonly of: T;
  readonly at: number;
}

const BITS = 24;

/**
 * Finds any of many needles in one pass: the first four bytes of each are marked in a bitmap, which four sliding bytes of the haystack are held
 * against; only where they are marked are whole needles compared.
 */
export class NeedleIndex<T> {
  readonly #marks = new Uint8Array(2 ** (BITS - 3));
  readonly #needles = new Map<number, Needle<T>[]>();

  /** @param needles each of four bytes or more. */
  constructor(needles: Iterable<Needle<T>>) {
    for (const needle of needles) {
      const word = needle.bytes.readUInt32LE(0);
      const same = this.#needles.get(word);
      if (same === undefined) this.#needles.set(word, [needle]);
      else same.push(needle);
      const mark = markOf(word);
      this.#marks[mark >>> 3] = (this.#marks[mark >>> 3] as number) | (1 << (mark & 7));
    }
  }

  *search(hay: Buffer): Generator<Hit<T>> {
    let word = 0;
    for (let end = 0; end < hay.length; end += 1) {
      word = (word >>> 8) | ((hay[end] as number) << 24);
      const mark = markOf(word);
      if (end < 3 || ((this.#marks[mark >>> 3] as number) & (1 << (mark & 7))) === 0) continue;
      const at = end - 3;
      for (const { bytes, of } of this.#needles.get(word >>> 0) ?? []) {
        if (at + bytes.length <= hay.length && hay.compare(bytes, 0, bytes.length, at, at + bytes.length) === 0) yield { of, at };
      }
    }
  }
}

function markOf(word: number): number {
  return Math.imul(word, 0x9e3779b1) >>> (32 - BITS);
}
