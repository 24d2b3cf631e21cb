/** Columns in docker's manner: each as wide as its widest cell, three spaces between, the last not padded. */
export function table(titles: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const all = [titles, ...rows];
  const widths = titles.map((_title, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  return all.map((row) =>
    row.map((cell, column) => (column === titles.length - 1 ? cell : cell.padEnd((widths[column] ?? 0) + 3))).join(''),
  );
}
