import {
  IconArrowsSplit,
  IconCalendarClock,
  IconClock,
  IconEdit,
  IconFlag,
  IconHelp,
  IconHourglass,
  IconLogin2,
  IconMessage,
  IconPencilPlus,
  IconPlayerPlay,
  IconTags,
  IconTimeline,
  IconUserMinus,
  IconUserPlus,
  IconWebhook,
} from "@tabler/icons-react";
import type { ComponentType } from "react";

import type { Kind } from "./graph";

const ICONS: Record<Kind | "trigger", ComponentType<{ size?: number; stroke?: number }>> = {
  trigger: IconPlayerPlay,
  condition: IconHelp,
  branch: IconTimeline,
  split: IconArrowsSplit,
  wait: IconClock,
  waitUntil: IconCalendarClock,
  waitFor: IconHourglass,
  segmentAdd: IconUserPlus,
  segmentRemove: IconUserMinus,
  segmentKeep: IconUserPlus,
  tagsChange: IconTags,
  fieldSet: IconEdit,
  activityRecord: IconPencilPlus,
  send: IconMessage,
  webhook: IconWebhook,
  enroll: IconLogin2,
  end: IconFlag,
};

export function KindIcon({ kind, size = 16 }: { kind: Kind | "trigger"; size?: number }) {
  const Icon = ICONS[kind];
  return <Icon size={size} stroke={1.75} />;
}
