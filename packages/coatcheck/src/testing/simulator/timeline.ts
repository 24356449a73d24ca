interface Due {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** Real time, in milliseconds, which only the simulator sees. Events run one at a time, in the order of their time. */
export class Timeline {
  readonly #heap: Due[] = [];
  #now = 0;
  #order = 0;

  get now(): number {
    return this.#now;
  }

  at(time: number, run: () => void): void {
    this.#order += 1;
    this.#push({ at: Math.max(time, this.#now), order: this.#order, run });
  }

  /** Runs everything that is due before `end`; then it is `end`. */
  runUntil(end: number): void {
    for (let due = this.#heap[0]; due !== undefined && due.at < end; due = this.#heap[0]) {
      this.#pop();
      this.#now = due.at;
      due.run();
    }
    this.#now = end;
  }

  #push(due: Due): void {
    const heap = this.#heap;
    let child = heap.push(due) - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!isBefore(due, heap[parent] as Due)) break;
      heap[child] = heap[parent] as Due;
      child = parent;
    }
    heap[child] = due;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Due;
    if (heap.length === 0) return;
    let parent = 0;
    for (;;) {
      let child = 2 * parent + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Due, heap[child] as Due)) child += 1;
      if (!isBefore(heap[child] as Due, last)) break;
      heap[parent] = heap[child] as Due;
      parent = child;
    }
    heap[parent] = last;
  }
}

function isBefore(one: Due, other: Due): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
