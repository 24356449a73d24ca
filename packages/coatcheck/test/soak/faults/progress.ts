/** How often a line is written where nobody watches. */
const EVERY = { terminal: 1_000, file: 30_000 };

/** Shows how it goes: on a terminal in one line that changes. */
export class Progress {
  readonly #timer: NodeJS.Timeout;
  readonly #isTerminal = process.stdout.isTTY;

  constructor(line: () => string, until: number) {
    const show = (): void => {
      const left = Math.max(0, Math.ceil((until - performance.now()) / 1_000));
      const text = `    ${left} s left: ${line()}`;
      if (this.#isTerminal) process.stdout.write(`\r\u001b[K${text.slice(0, process.stdout.columns - 1)}`);
      else console.log(text);
    };
    this.#timer = setInterval(show, this.#isTerminal ? EVERY.terminal : EVERY.file);
  }

  end(): void {
    clearInterval(this.#timer);
    if (this.#isTerminal) process.stdout.write("\r\u001b[K");
  }
}
