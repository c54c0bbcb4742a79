import { useEffect, useEffectEvent, useState } from "react";

export type Sample = { at: number; done: number };

const WINDOW_MS = 20_000;
const SAMPLE_MS = 500;
const LEAST_MS = 1_000;

/** How many are done in a second, by what was seen lately; null while too little was seen. */
export function paceOf(samples: readonly Sample[]): number | null {
  const first = samples[0];
  const last = samples.at(-1);
  if (!first || !last || last.at - first.at < LEAST_MS || last.done <= first.done) return null;
  return ((last.done - first.done) * 1_000) / (last.at - first.at);
}

/** The samples with a new one: those of the last 20 seconds. Fewer done than before is a new beginning. */
export function withSample(samples: readonly Sample[], next: Sample): Sample[] {
  const last = samples.at(-1);
  if (last && next.done < last.done) return [next];
  return [...samples.filter((sample) => next.at - sample.at <= WINDOW_MS), next];
}

/** Seconds until all are done at this pace; null when that is not known. */
export function secondsLeft(done: number, total: number | null | undefined, pace: number | null): number | null {
  if (total == null || pace === null || pace <= 0) return null;
  return Math.max(0, total - done) / pace;
}

/** The pace of work that is shown while it runs. */
export function usePace(done: number, isRunning: boolean): number | null {
  const [samples, setSamples] = useState<readonly Sample[]>([]);
  const look = useEffectEvent(() => setSamples((before) => withSample(before, { at: Date.now(), done })));
  useEffect(() => {
    if (!isRunning) return;
    const timer = setInterval(() => look(), SAMPLE_MS);
    return () => clearInterval(timer);
  }, [isRunning]);
  return isRunning ? paceOf(samples) : null;
}
