import { formatDuration } from "../../format/moments";
import { formatNumber } from "../../format/numbers";
import type { Catalogue } from "../../texts/en";

type Words = Catalogue["destinations"];

/** The colour of an endpoint's state, beside its word. */
export const ENDPOINT_COLORS: Readonly<Record<string, string>> = {
  CHECKING: "yellow",
  ACTIVE: "teal",
  BACKING_OFF: "orange",
  PAUSED: "gray",
  DISABLED: "red",
};

/** Waiting events are counted up to so many. */
const MOST_PENDING = 100_000;

export function pendingOf(words: Words, pending: number): string {
  return pending >= MOST_PENDING ? words.endpoints.pendingMost : formatNumber(pending);
}

export function lagOf(words: Words, seconds: number): string {
  return seconds < 1 ? words.endpoints.upToDate : formatDuration(seconds);
}

export function eventLabel(words: Words, type: string): string {
  return words.eventTypes[type]?.label ?? type;
}

type EventType = { readonly name: string; readonly description: string };

/** The kinds of events that the console knows. */
export function knownTypes(t: Catalogue): readonly EventType[] {
  return Object.entries(t.destinations.eventTypes).map(([name, { what }]) => ({ name, description: what }));
}

/** Those that can be chosen: every endpoint gets pings. */
export function chosenAmong(types: readonly EventType[]): readonly EventType[] {
  return types.filter(({ name }) => name !== "ping");
}
