import { useMoments } from "../../format/use_moments";
import { useTexts } from "../../texts/texts";
import type { BroadcastStatus } from "../../__generated__/broadcastListQuery.graphql";
import { readReason } from "./read_reason";

/** Why a broadcast is paused, has ended or waits, with what to do, in the language of the console where it knows the reason. */
export function useReasonText(): (reason: string | null | undefined, status: BroadcastStatus) => string | null {
  const t = useTexts().broadcasts.reasons;
  const { moment } = useMoments();
  return (reason, status) => {
    if (!reason) return null;
    const read = readReason(reason);
    switch (read.is) {
      case "waitingUntil":
        return t.waitingUntil(moment(read.at), read.why);
      case "waitingForSegment":
        return t.waitingForSegment(read.segment);
      case "couldNotStart":
        return t.couldNotStart(read.why);
      case "tooManyFailures":
        return t.tooManyFailures(read.share);
      case "other":
        return status === "PAUSED" ? t.byWhatsApp(read.text) : read.text;
      default:
        return t[read.is];
    }
  };
}
