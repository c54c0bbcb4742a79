import {
  IconAddressBook,
  IconArrowsTransferDown,
  IconChartDonut,
  IconFlame,
  IconHome,
  IconRoute,
  IconSend,
  IconSettings,
  IconWebhook,
} from "@tabler/icons-react";
import type { ComponentType } from "react";

import type { Permission } from "../session/viewer";
import type { nav } from "../texts/en/frame";
import { PARTS, partsFor } from "./parts";

export type Area = {
  to: string;
  label: keyof typeof nav;
  icon: ComponentType<{ size?: number; stroke?: number }>;
  needs?: Permission;
  /** Either of the two is enough. */
  or?: Permission;
};

/** The areas of the console, in the order of the menu. */
const AREAS: readonly Area[] = [
  { to: "/", label: "home", icon: IconHome },
  { to: "/contacts", label: "contacts", icon: IconAddressBook, needs: "CONTACT_READ" },
  { to: "/segments", label: "segments", icon: IconChartDonut, needs: "SEGMENT_READ" },
  { to: "/transfers", label: "transfers", icon: IconArrowsTransferDown, needs: "JOB_READ" },
  { to: "/broadcasts", label: "broadcasts", icon: IconSend, needs: "BROADCAST_READ" },
  { to: "/workflows", label: "workflows", icon: IconRoute, needs: "WORKFLOW_READ" },
  { to: "/scores", label: "scores", icon: IconFlame, needs: "SEGMENT_READ" },
  { to: "/destinations", label: "destinations", icon: IconWebhook, needs: "WEBHOOK_MANAGE", or: "SEGMENT_READ" },
  { to: "/settings", label: "settings", icon: IconSettings },
];

/** The areas that the member may see: one whose permission is missing is not offered. */
export function areasFor(permissions: readonly Permission[]): readonly Area[] {
  return AREAS.filter(({ needs, or }) => !needs || permissions.includes(needs) || (or && permissions.includes(or)));
}

/** The area of the screen at a path. */
export function areaOf(areas: readonly Area[], path: string): Area | undefined {
  return areas.findLast(({ to }) => (to === "/" ? path === "/" : path.startsWith(to)));
}

/** Where a path leads: an area that has no screen of its own shows the first one that the member may see. */
export function leadsTo(path: string, permissions: readonly Permission[]): string {
  const plain = path.replace(/(.)\/$/, "$1");
  if (plain === "/settings") return partsFor(permissions)[0]?.to ?? "/settings/password";
  if (plain === "/destinations") return permissions.includes("WEBHOOK_MANAGE") ? "/destinations/webhooks" : "/destinations/audiences";
  return plain;
}

/** Whether the member may see the area of the screen at a path, and the part of the settings. */
export function mayOpen(path: string, permissions: readonly Permission[]): boolean {
  const area = areaOf(AREAS, path);
  const isPart = PARTS.some(({ to }) => to === path);
  return areasFor(permissions).some((each) => each === area) && (!isPart || partsFor(permissions).some(({ to }) => to === path));
}
