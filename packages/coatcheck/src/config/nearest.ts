/** The candidate that takes the fewest edits from `name` (Levenshtein), for "did you mean"; a name cut short is one edit away. Of equals, the first. */
export function nearest(name: string, candidates: readonly string[]): string {
  let best = "";
  let fewest = Infinity;
  for (const candidate of candidates) {
    const cutShort = name !== "" && candidate.startsWith(name);
    const edits = cutShort ? Math.min(1, candidate.length - name.length) : distance(name.toLowerCase(), candidate.toLowerCase());
    if (edits < fewest) [best, fewest] = [candidate, edits];
  }
  return best;
}

/** How many characters must be put in, left out or changed to make `to` of `from`. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const change = at(row, j - 1) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(at(row, j) + 1, at(next, j - 1) + 1, change));
    }
    row = next;
  }
  return at(row, to.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] as number;
}
