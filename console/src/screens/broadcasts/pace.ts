export type Counts = {
  readonly pending: number;
  readonly sending: number;
  readonly sent: number;
  readonly delivered: number;
  readonly read: number;
  readonly failed: number;
  readonly skipped: number;
  readonly unconfirmed: number;
};

/** How far a broadcast is. Each message is in one state; who read it also had it delivered and sent. */
export type Figures = {
  total: number;
  waiting: number;
  done: number;
  sent: number;
  delivered: number;
  read: number;
  failed: number;
  skipped: number;
  unconfirmed: number;
};

export function figuresOf(counts: Counts): Figures {
  const waiting = counts.pending + counts.sending;
  const sent = counts.sent + counts.delivered + counts.read;
  const done = sent + counts.failed + counts.skipped + counts.unconfirmed;
  return {
    total: waiting + done,
    waiting,
    done,
    sent,
    delivered: counts.delivered + counts.read,
    read: counts.read,
    failed: counts.failed,
    skipped: counts.skipped,
    unconfirmed: counts.unconfirmed,
  };
}

/** How many messages were done at a moment, in ms. */
export type Sample = { at: number; done: number };

const WINDOW_MS = 20_000;
const LEAST_MS = 1_500;

/** The samples with a new one; those that are too old to tell the pace go, but one. */
export function withSample(samples: readonly Sample[], next: Sample): Sample[] {
  const young = samples.filter((sample) => next.at - sample.at <= WINDOW_MS);
  return [...(young.length ? young : samples.slice(-1)), next];
}

/** Messages a second, and how many seconds are left at that pace; null until there is enough to tell. */
export function paceOf(samples: readonly Sample[], waiting: number): { perSecond: number; secondsLeft: number } | null {
  const first = samples[0];
  const last = samples.at(-1);
  if (!first || !last || last.at - first.at < LEAST_MS || last.done <= first.done) return null;
  const perSecond = ((last.done - first.done) * 1000) / (last.at - first.at);
  return { perSecond, secondsLeft: Math.ceil(waiting / perSecond) };
}
