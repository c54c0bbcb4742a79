import type { Permission } from "../session/viewer";
import type { SettingsParts } from "../texts/en/heads";

export type Part = { to: string; label: keyof SettingsParts; needs?: Permission };

/** The parts of the settings, in the order of their menu. */
export const PARTS: readonly Part[] = [
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
export function partsFor(permissions: readonly Permission[]): readonly Part[] {
  return PARTS.filter(({ needs }) => !needs || permissions.includes(needs));
}
