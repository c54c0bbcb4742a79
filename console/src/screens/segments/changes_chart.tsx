import "@mantine/charts/styles.css";

import { AreaChart, BarChart } from "@mantine/charts";

import { useMoments } from "../../format/moments";
import { formatNumber, formatShort } from "../../format/numbers";
import { useTexts } from "../../texts/texts";
import type { Point } from "./changes";

/** The number of members, and below it how many entered and left. `label` says where the numbers are for those who cannot see it. */
export function ChangesChart({ points, label }: { points: readonly Point[]; label: string }) {
  const t = useTexts().segments;
  const { day } = useMoments();
  const data = points.map((point) => ({ day: day(point.at), members: point.members, entered: point.entered, left: -point.left }));
  const common = {
    data,
    dataKey: "day",
    withDots: false,
    tickLine: "none" as const,
    gridAxis: "y" as const,
    yAxisProps: { width: 48, tickFormatter: formatShort },
    valueFormatter: (value: number) => formatNumber(Math.abs(value)),
  };
  return (
    <figure role="img" aria-label={label} style={{ margin: 0 }}>
      <AreaChart
        {...common}
        h={180}
        series={[{ name: "members", label: t.size, color: "brand.5" }]}
        withXAxis={false}
        curveType="monotone"
        areaChartProps={{ accessibilityLayer: false }}
      />
      <BarChart
        {...common}
        h={160}
        type="stacked"
        series={[
          { name: "entered", label: t.entered, color: "teal.6" },
          { name: "left", label: t.left, color: "red.6" },
        ]}
        barChartProps={{ accessibilityLayer: false, stackOffset: "sign" }}
      />
    </figure>
  );
}
