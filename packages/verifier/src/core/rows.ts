/** Some rows of a table: a value for each, and their numbers side by side. The same bytes are words, two in the place of each number. */
export interface Piece<V> {
  readonly values: V[];
  readonly numbers: Float64Array;
  readonly words: Uint32Array;
}

/** The object that a row is read and written through: which of the piece's rows it is. */
type View<V, Row> = (piece: Piece<V>, nth: number) => Row;

/** How many rows a piece has: memory grows by so many. */
const ROWS = 256;

/**
 * A bounded table that forgets what was not used lately: two generations, so that neither a read nor an eviction walks a list. It is for entries that are numbers
 * and bytes besides one object. They lie side by side: an object for each, with a box around every number, needs several times the memory.
 * Holds between `capacity` and twice `capacity` rows at most. Losing a row must always be harmless, and so must writing to one that was lost.
 */
export class RecentRows<V, Row> {
  readonly #capacity: number;
  readonly #width: number;
  readonly #view: View<V, Row>;
  #young: Generation<V>;
  #old: Generation<V>;

  /** @param width how many numbers a row has. */
  constructor(capacity: number, width: number, view: View<V, Row>) {
    this.#capacity = capacity;
    this.#width = width;
    this.#view = view;
    this.#young = new Generation(width);
    this.#old = new Generation(width);
  }

  get(key: string): Row | null {
    const young = this.#young.rows.get(key);
    if (young !== undefined) return this.#look(young);
    const old = this.#old.rows.get(key);
    return old === undefined ? null : this.#look(this.#promote(key, old));
  }

  /** The row of this key with a new value, be it there already or not. Its numbers are the caller's to write. */
  set(key: string, value: V): Row {
    return this.#look(this.#put(key, value));
  }

  get size(): number {
    return this.#young.rows.size + this.#old.rows.size;
  }

  #put(key: string, value: V): number {
    const row = this.#young.rows.get(key);
    if (row !== undefined) {
      this.#young.pieceOf(row).values[row % ROWS] = value;
      return row;
    }
    if (this.#young.rows.size >= this.#capacity) {
      this.#old = this.#young;
      this.#young = new Generation(this.#width);
    }
    return this.#young.add(key, value);
  }

  #promote(key: string, old: number): number {
    const from = this.#old.pieceOf(old);
    const row = this.#put(key, from.values[old % ROWS] as V);
    // As words: bytes that are read as a number need not be the same when they are written.
    const [width, to] = [2 * this.#width, this.#young.pieceOf(row).words];
    for (let nth = 0; nth < width; nth++) to[(row % ROWS) * width + nth] = from.words[(old % ROWS) * width + nth] as number;
    return row;
  }

  #look(row: number): Row {
    return this.#view(this.#young.pieceOf(row), row % ROWS);
  }
}

class Generation<V> {
  readonly rows = new Map<string, number>();
  readonly #pieces: Piece<V>[] = [];
  readonly #width: number;

  constructor(width: number) {
    this.#width = width;
  }

  add(key: string, value: V): number {
    const row = this.rows.size;
    if (row % ROWS === 0) {
      const numbers = new Float64Array(ROWS * this.#width);
      this.#pieces.push({ values: [], numbers, words: new Uint32Array(numbers.buffer) });
    }
    this.pieceOf(row).values.push(value);
    this.rows.set(key, row);
    return row;
  }

  pieceOf(row: number): Piece<V> {
    return this.#pieces[Math.floor(row / ROWS)] as Piece<V>;
  }
}
