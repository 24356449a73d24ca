// The few forms of Markdown that the documents have.

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", String.raw`\|`).replaceAll("<", String.raw`\<`)).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** Blocks with a blank line between them, without the empty ones. */
export function page(...blocks: readonly string[]): string {
  return `${blocks.filter((block) => block !== "").join("\n\n")}\n`;
}

export function code(text: string): string {
  return `\`${text}\``;
}

export const GENERATED = "<!-- Made from the code by `npm run docs`: change it there. -->";
