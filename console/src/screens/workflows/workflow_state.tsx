import { StatusBadge } from "../../components/status_badge";
import { useTexts } from "../../texts/texts";
import type { Status } from "./routes";

const COLORS: Record<Status, string> = { DRAFT: "gray", ACTIVE: "teal", PAUSED: "yellow", DRAINING: "blue", ARCHIVED: "gray" };

export function WorkflowState({ status }: { status: Status }) {
  const t = useTexts().workflows;
  return <StatusBadge color={COLORS[status]}>{t.status[status]}</StatusBadge>;
}
