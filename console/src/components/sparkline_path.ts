const MARGIN = 3;

export type SparklinePath = { line: string; area: string; end: { x: number; y: number } | null };

/**
 * The paths of a sparkline that fills the box but for a margin: the smallest value lies at the bottom, the largest at the top.
 * Values that are all the same lie in the middle.
 */
export function sparklinePath(values: readonly number[], width: number, height: number): SparklinePath {
  if (values.length === 0) return { line: "", area: "", end: null };
  const low = Math.min(...values);
  const span = Math.max(...values) - low;
  const step = values.length > 1 ? (width - 2 * MARGIN) / (values.length - 1) : 0;
  const points = values.map((value, index) => ({
    x: round(MARGIN + index * step),
    y: round(span === 0 ? height / 2 : height - MARGIN - ((value - low) / span) * (height - 2 * MARGIN)),
  }));
  const line = `M${points.map(({ x, y }) => `${x},${y}`).join("L")}`;
  const end = points.at(-1) ?? null;
  return { line, area: end ? `${line}L${end.x},${height}L${MARGIN},${height}Z` : "", end };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
