/** Rows of text with columns as wide as their widest entry; numbers to the right. */
export function showTable(
  header: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const texts = [
    header,
    ...rows.map((row) => row.map((entry) => (typeof entry === "number" ? showCount(entry) : entry))),
  ];
  const widths = header.map((_, i) => Math.max(...texts.map((row) => row[i]!.length)));
  const right = header.map((_, i) => rows.some((row) => typeof row[i] === "number"));
  return texts
    .map((row) =>
      row
        .map((text, i) => (right[i] ? text.padStart(widths[i]!) : text.padEnd(widths[i]!)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** 1234567 as `1,234,567`. */
export const showCount = (n: number): string => String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ",");
