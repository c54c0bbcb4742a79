import { useElementSize } from "@mantine/hooks";
import { useState, type PointerEvent, type ReactNode } from "react";

import { useMoments } from "../../format/use_moments";
import { formatDifference, formatNumber, formatShort } from "../../format/numbers";
import { useTexts } from "../../texts/texts";
import type { Point } from "./changes";
import classes from "./changes_chart.module.css";
import { heightOf, scaleOf, type Scale } from "./chart_scale";

const AXIS_PX = 52;
const MEMBERS_PX = 160;
const MOVES_PX = 120;

/** The number of members, and below it how many entered and left. `label` says where the numbers are for those who cannot see it. */
export function ChangesChart({ points, label }: { points: readonly Point[]; label: string }) {
  const t = useTexts().segments;
  const { day } = useMoments();
  const { ref, width: whole } = useElementSize();
  const [pointed, setPointed] = useState<number | null>(null);
  const width = Math.max(0, whole - AXIS_PX);
  const step = width / Math.max(1, points.length);
  const shown = points[pointed ?? points.length - 1];
  const point = (event: PointerEvent<SVGSVGElement>) => {
    const x = event.clientX - event.currentTarget.getBoundingClientRect().left - AXIS_PX;
    setPointed(step > 0 ? Math.min(points.length - 1, Math.max(0, Math.floor(x / step))) : null);
  };
  const members = scaleOf(
    points.map((each) => each.members),
    false,
  );
  const moves = scaleOf(
    points.flatMap((each) => [each.entered, -each.left]),
    true,
  );
  const middle = (index: number) => (index + 0.5) * step;
  const line = points.map((each, index) => `${middle(index)},${heightOf(each.members, members, MEMBERS_PX)}`).join("L");
  const zero = heightOf(0, moves, MOVES_PX);
  return (
    <figure ref={ref} role="img" aria-label={label} className={classes.figure}>
      {shown && (
        <p className={classes.readout} aria-hidden>
          {day(shown.at)}: {formatNumber(shown.members)} · <span data-entered>{formatDifference(shown.entered)}</span> ·{" "}
          <span data-left>{formatDifference(-shown.left)}</span>
        </p>
      )}
      <Plot title={t.size} height={MEMBERS_PX} scale={members} width={width} onPoint={point} onLeave={() => setPointed(null)}>
        {points.length > 0 && (
          <>
            <path d={`M${line}L${middle(points.length - 1)},${MEMBERS_PX}L${middle(0)},${MEMBERS_PX}Z`} className={classes.area} />
            <path d={`M${line}`} className={classes.line} />
          </>
        )}
        {pointed !== null && <line x1={middle(pointed)} x2={middle(pointed)} y2={MEMBERS_PX} className={classes.pointed} />}
      </Plot>
      <Plot
        title={`${t.entered} / ${t.left}`}
        height={MOVES_PX}
        scale={moves}
        width={width}
        onPoint={point}
        onLeave={() => setPointed(null)}
        days={points.length > 0 ? [points[0], points[Math.floor(points.length / 2)], points.at(-1)].map((each) => (each ? day(each.at) : "")) : []}
      >
        {points.map((each, index) => {
          const x = index * step + step * 0.15;
          const up = heightOf(each.entered, moves, MOVES_PX);
          const down = heightOf(-each.left, moves, MOVES_PX);
          return (
            <g key={each.at}>
              <rect x={x} width={step * 0.7} y={up} height={zero - up} className={classes.entered} />
              <rect x={x} width={step * 0.7} y={zero} height={down - zero} className={classes.left} />
            </g>
          );
        })}
        {pointed !== null && <line x1={middle(pointed)} x2={middle(pointed)} y2={MOVES_PX} className={classes.pointed} />}
      </Plot>
    </figure>
  );
}

/** A box with marks at its left side, and days below it. */
function Plot({
  title,
  height,
  scale,
  width,
  days = [],
  onPoint,
  onLeave,
  children,
}: {
  title: string;
  height: number;
  scale: Scale;
  width: number;
  days?: readonly string[];
  onPoint: (event: PointerEvent<SVGSVGElement>) => void;
  onLeave: () => void;
  children: ReactNode;
}) {
  const anchors = ["start", "middle", "end"] as const;
  return (
    <svg width={width + AXIS_PX} height={height + 40} className={classes.plot} onPointerMove={onPoint} onPointerLeave={onLeave}>
      <text x={0} y={10} className={classes.title}>
        {title}
      </text>
      <g transform={`translate(${AXIS_PX} 20)`}>
        {scale.ticks.map((tick) => {
          const y = heightOf(tick, scale, height);
          return (
            <g key={tick}>
              <line x2={width} y1={y} y2={y} className={classes.grid} />
              <text x={-8} y={y + 4} textAnchor="end" className={classes.tick}>
                {formatShort(Math.abs(tick))}
              </text>
            </g>
          );
        })}
        {children}
        {days.map((each, index) => (
          <text key={anchors[index]} x={(width * index) / 2} y={height + 16} textAnchor={anchors[index]} className={classes.tick}>
            {each}
          </text>
        ))}
      </g>
    </svg>
  );
}
