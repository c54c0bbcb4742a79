import { useViewer, type Permission } from "../../session/session";
import type { Catalogue } from "../../texts/en";

type Tab = { to: string; label: keyof Catalogue["settings"]["tabs"]; needs?: Permission };

const TABS: readonly Tab[] = [
  { to: "/settings/workspace", label: "workspace", needs: "MEMBER_MANAGE" },
  { to: "/settings/members", label: "members", needs: "MEMBER_MANAGE" },
  { to: "/settings/tokens", label: "tokens", needs: "TOKEN_MANAGE" },
  { to: "/settings/tracking", label: "tracking", needs: "TOKEN_MANAGE" },
  { to: "/settings/fields", label: "fields", needs: "CONTACT_READ" },
  { to: "/settings/tags", label: "tags", needs: "CONTACT_READ" },
  { to: "/settings/whatsapp", label: "whatsapp", needs: "BROADCAST_READ" },
  { to: "/settings/audit", label: "audit", needs: "AUDIT_READ" },
  { to: "/settings/password", label: "password" },
];

/** The parts of the settings that the member may see. */
export function useTabs(): readonly Tab[] {
  const { permissions } = useViewer();
  return TABS.filter(({ needs }) => !needs || permissions.includes(needs));
}
