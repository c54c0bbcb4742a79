export type Scale = { low: number; high: number; ticks: readonly number[] };

const STEPS = [1, 2, 5, 10];

/** A range of round numbers that holds all values, with three to six marks. `withZero`: it holds 0 too. */
export function scaleOf(values: readonly number[], withZero: boolean): Scale {
  const all = withZero || values.length === 0 ? [...values, 0] : values;
  const least = Math.min(...all);
  const most = Math.max(...all);
  const span = Math.max(most - least, 1);
  const size = 10 ** Math.floor(Math.log10(span / 4));
  const step = Math.max(1, size * (STEPS.find((each) => each * size * 4 >= span) ?? 10));
  const low = Math.floor(least / step) * step;
  const high = Math.max(Math.ceil(most / step) * step, low + step);
  const ticks = Array.from({ length: Math.round((high - low) / step) + 1 }, (_, index) => low + index * step);
  return { low, high, ticks };
}

/** Where a value lies in a box: 0 at the top, `height` at the bottom. */
export function heightOf(value: number, { low, high }: Scale, height: number): number {
  return height - ((value - low) / (high - low)) * height;
}
