import { StatusBadge } from "../../components/status_badge";
import type { Catalogue } from "../../texts/en";
import type { Status } from "./routes";

const COLORS: Record<Status, string> = { DRAFT: "gray", ACTIVE: "teal", PAUSED: "yellow", DRAINING: "blue", ARCHIVED: "gray" };

export function WorkflowState({ t, status }: { t: Catalogue; status: Status }) {
  return <StatusBadge color={COLORS[status]}>{t.workflows.status[status]}</StatusBadge>;
}
