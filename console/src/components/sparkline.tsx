import { sparklinePath } from "./sparkline_path";

/** How a number moved, as a line without axes. `label` says the same in words; the colour follows the text's. */
export function Sparkline({ values, label, width = 96, height = 28 }: { values: readonly number[]; label: string; width?: number; height?: number }) {
  const { line, area, end } = sparklinePath(values, width, height);
  return (
    <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label}>
      <path d={area} fill="var(--mantine-color-brand-5)" fillOpacity={0.14} />
      <path d={line} fill="none" stroke="var(--mantine-color-brand-5)" strokeWidth={1.5} strokeLinejoin="round" strokeLinecap="round" />
      {end && <circle cx={end.x} cy={end.y} r={2} fill="var(--mantine-color-brand-5)" />}
    </svg>
  );
}
