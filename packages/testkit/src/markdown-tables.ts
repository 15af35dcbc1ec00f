/** The tables of a section (`## …`) of a page, each as its rows of cells without the head; code marks are taken off. */
export function readTables(page: string, section: string): string[][][] {
  const text = page.split(/^## /m).find((part) => part.startsWith(`${section}\n`));
  if (text === undefined) throw new Error(`the page has no section "${section}"`);
  return text.split(/\n(?!\|)/).flatMap((block) => {
    const lines = block.split('\n').filter((line) => line.startsWith('|'));
    const rows = lines.slice(2).map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('`', '')),
    );
    return rows.length > 0 ? [rows] : [];
  });
}
