/** A stretch of two texts: in both, only in the newer, or only in the older one. */
export type Stretch = { is: "same" | "added" | "removed"; text: string };

const MOST_WORDS = 1_500;

/** What differs between two texts, word by word, by the longest common sequence of words. */
export function wordDifference(before: string, after: string): Stretch[] {
  const [old, next] = [wordsOf(before), wordsOf(after)];
  if (old.length > MOST_WORDS || next.length > MOST_WORDS) return joined([["removed", before], ["added", after]]);
  const common = lengths(old, next);
  const steps: [Stretch["is"], string][] = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < next.length) {
    if (i < old.length && j < next.length && old[i] === next[j]) {
      steps.push(["same", old[i] ?? ""]);
      i += 1;
      j += 1;
    } else if (j >= next.length || (i < old.length && (common[i + 1]?.[j] ?? 0) >= (common[i]?.[j + 1] ?? 0))) {
      steps.push(["removed", old[i] ?? ""]);
      i += 1;
    } else {
      steps.push(["added", next[j] ?? ""]);
      j += 1;
    }
  }
  return joined(steps);
}

function wordsOf(text: string): string[] {
  return text.match(/'(?:[^']|'')*'|\s+|\w+|[^\w\s]/g) ?? [];
}

/** How long the common sequence is from each pair of places on. */
function lengths(old: readonly string[], next: readonly string[]): Uint16Array[] {
  const table = Array.from({ length: old.length + 1 }, () => new Uint16Array(next.length + 1));
  for (let i = old.length - 1; i >= 0; i--) {
    const [row, below] = [table[i], table[i + 1]];
    if (!row || !below) continue;
    for (let j = next.length - 1; j >= 0; j--) {
      row[j] = old[i] === next[j] ? (below[j + 1] ?? 0) + 1 : Math.max(below[j] ?? 0, row[j + 1] ?? 0);
    }
  }
  return table;
}

function joined(steps: readonly (readonly [Stretch["is"], string])[]): Stretch[] {
  const stretches: Stretch[] = [];
  for (const [is, text] of steps) {
    const last = stretches.at(-1);
    if (last?.is === is) last.text += text;
    else if (text) stretches.push({ is, text });
  }
  return stretches;
}
