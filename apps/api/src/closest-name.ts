/** The name that was most likely meant by `given`, or null when none is near. Case and punctuation do not count. */
export function closestName(given: string, names: Iterable<string>): string | null {
  const wanted = fold(given);
  let best: { name: string; distance: number } | null = null;
  for (const name of names) {
    const distance = editDistance(wanted, fold(name.slice(name.lastIndexOf('.') + 1)));
    if (distance < (best?.distance ?? Infinity)) best = { name, distance };
  }
  // A third of the letters: `txt` finds `text`, but `title` does not find `tweet`.
  return best && best.distance <= Math.max(1, Math.floor(wanted.length / 3)) ? best.name : null;
}

function fold(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '')
    .slice(0, 64);
}

/** Levenshtein's distance, one row at a time. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [i, letter] of from.split('').entries()) {
    const next = [i + 1];
    for (const [j, other] of to.split('').entries()) {
      const replaced = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
