export type Reason =
  | { is: "pausedByPerson" | "cancelledByPerson" | "nobody" | "nothingSent" | "late" | "disconnected" | "anotherNumber" }
  | { is: "waitingUntil"; at: string; why: string }
  | { is: "waitingForSegment"; segment: string }
  | { is: "couldNotStart"; why: string }
  | { is: "tooManyFailures"; share: string }
  | { is: "other"; text: string };

const PLAIN: Readonly<Record<string, Exclude<Reason["is"], "waitingUntil" | "waitingForSegment" | "couldNotStart" | "tooManyFailures" | "other">>> = {
  "Paused by a person.": "pausedByPerson",
  "Cancelled by a person.": "cancelledByPerson",
  "Nobody was in the audience.": "nobody",
  "Nothing could be sent: each recipient says why.": "nothingSent",
  "The channel was disconnected.": "disconnected",
  "The channel was connected to another number.": "anotherNumber",
};

/** The reason of a broadcast as the server writes it, taken apart; one that is not known here stays as it is. */
export function readReason(text: string): Reason {
  const plain = PLAIN[text];
  if (plain) return { is: plain };
  const until = /^Waiting until (\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}) UTC: (.*)$/s.exec(text);
  if (until) return { is: "waitingUntil", at: `${until[1]}T${until[2]}:00Z`, why: until[3] ?? "" };
  const segment = /^Waiting for the segment '(.*)' to be computed\.$/s.exec(text);
  if (segment) return { is: "waitingForSegment", segment: segment[1] ?? "" };
  const start = /^It could not start: (.*)$/s.exec(text);
  if (start) return { is: "couldNotStart", why: start[1] ?? "" };
  const failures = /^Paused by itself: (.*?)\.?$/s.exec(text);
  if (failures) return { is: "tooManyFailures", share: failures[1] ?? "" };
  if (/^It could not be started within |^The segment .* was still being computed /s.test(text)) return { is: "late" };
  return { is: "other", text };
}
