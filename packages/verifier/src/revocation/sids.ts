import type { Seq } from "../core/ids.ts";
import { seq } from "../core/ids.ts";
import type { Instant } from "../core/time.ts";
import { UNMARKED } from "./marks.ts";

/**
 * The latest position for each marked session, compactly: a `Map` needs several times the memory. A sid is 16 random bytes, so the bytes are
 * their own hash, and they are compared whole: no other session is ever taken for it.
 */
class SidMarks {
  // Many small tables rather than a large one: making one larger never stops the process for long.
  readonly #shards: (Shard | undefined)[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(sid: string): Seq {
    if (this.#size === 0) return UNMARKED;
    readSid(sid);
    return seq(this.#shards[shardNumber()]?.get() ?? UNMARKED);
  }

  /** Keeps the larger of the position it had and this one. */
  raise(sid: string, to: Seq): void {
    readSid(sid);
    const shard = (this.#shards[shardNumber()] ??= new Shard());
    if (shard.raise(to)) this.#size += 1;
  }
}

/** Two generations, of which the older is dropped whole once nothing in it can hit anything any more: nothing is ever walked through to delete. */
export class AgeingSidMarks {
  #young = new Generation();
  #old = new Generation();

  get size(): number {
    return this.#young.marks.size + this.#old.marks.size;
  }

  get(sid: string): Seq {
    return seq(Math.max(this.#young.marks.get(sid), this.#old.marks.get(sid)));
  }

  /** The mark stays at least until `expiresAt`, and at most about twice as long as it was given. */
  raise(sid: string, to: Seq, expiresAt: Instant): void {
    this.#young.marks.raise(sid, to);
    if (expiresAt > this.#young.lastExpiry) this.#young.lastExpiry = expiresAt;
  }

  prune(now: Instant): void {
    if (now <= this.#old.lastExpiry) return;
    this.#old = this.#young;
    this.#young = new Generation();
  }
}

class Generation {
  readonly marks = new SidMarks();
  lastExpiry = Number.NEGATIVE_INFINITY;
}

const SHARD_BITS = 6;
const FIRST_CAPACITY = 16;
/** Between 0.6 and 0.75 full, a slot of 24 bytes costs 32 to 40 for each mark. */
const FULL = 0.75;
const GROWTH = 1.25;

/** Open addressing with linear probing. All methods are about the sid in {@link WORDS}. */
class Shard {
  #words = new Uint32Array(4 * FIRST_CAPACITY);
  #seqs = new Float64Array(FIRST_CAPACITY).fill(UNMARKED);
  #size = 0;

  get(): number {
    return this.#seqs[this.#slot()] as number;
  }

  /** @returns whether it is new here. */
  raise(to: number): boolean {
    if (this.#size >= FULL * this.#seqs.length) this.#grow();
    const slot = this.#slot();
    const was = this.#seqs[slot] as number;
    if (to > was) this.#seqs[slot] = to;
    if (was !== UNMARKED) return false;
    this.#words.set(WORDS, 4 * slot);
    this.#size += 1;
    return true;
  }

  /** Where it stands, or the free slot where it would: four zeros, which no session is called. */
  #slot(): number {
    const words = this.#words;
    const [first, second, third, fourth] = [WORDS[0], WORDS[1], WORDS[2], WORDS[3]];
    // As a fraction of its range, so that any capacity will do. The shard was chosen by another word.
    let at = 4 * Math.floor(((second as number) / 2 ** 32) * this.#seqs.length);
    for (;;) {
      const word = words[at];
      if (word === first && words[at + 1] === second && words[at + 2] === third && words[at + 3] === fourth) return at >> 2;
      if (word === 0 && words[at + 1] === 0 && words[at + 2] === 0 && words[at + 3] === 0) return at >> 2;
      at += 4;
      if (at === words.length) at = 0;
    }
  }

  #grow(): void {
    const [words, seqs, at] = [this.#words, this.#seqs, WORDS.slice()];
    const capacity = Math.ceil(seqs.length * GROWTH);
    this.#words = new Uint32Array(4 * capacity);
    this.#seqs = new Float64Array(capacity).fill(UNMARKED);
    this.#size = 0;
    seqs.forEach((position, slot) => {
      if (position === UNMARKED) return;
      WORDS.set(words.subarray(4 * slot, 4 * slot + 4));
      this.raise(position);
    });
    WORDS.set(at);
  }
}

/** The sid at hand, as four words. One for the whole program, since it is read and used in one go: the hot path makes no garbage. */
const WORDS = new Uint32Array(4);

function shardNumber(): number {
  return (WORDS[0] as number) >>> (32 - SHARD_BITS);
}

const DIGITS = new Uint8Array(128);
for (const [value, digit] of [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"].entries()) {
  DIGITS[digit.charCodeAt(0)] = value;
}

/** 22 digits of base64url, five and a third to each word. What is no sid gets some words too: there is no session that they could hit. */
function readSid(sid: string): void {
  const digit = (at: number): number => DIGITS[sid.charCodeAt(at) & 127] as number;
  WORDS[0] = (digit(0) << 26) | (digit(1) << 20) | (digit(2) << 14) | (digit(3) << 8) | (digit(4) << 2) | (digit(5) >> 4);
  WORDS[1] = (digit(5) << 28) | (digit(6) << 22) | (digit(7) << 16) | (digit(8) << 10) | (digit(9) << 4) | (digit(10) >> 2);
  WORDS[2] = (digit(10) << 30) | (digit(11) << 24) | (digit(12) << 18) | (digit(13) << 12) | (digit(14) << 6) | digit(15);
  WORDS[3] = (digit(16) << 26) | (digit(17) << 20) | (digit(18) << 14) | (digit(19) << 8) | (digit(20) << 2) | (digit(21) >> 4);
}
