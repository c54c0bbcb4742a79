import { Navigate } from "@tanstack/react-router";

import { leadsTo } from "../../frame/areas";
import { useViewer } from "../../session/session";

/** Leads to the first part of the settings that the member may see. */
export function SettingsIndex() {
  return <Navigate to={leadsTo("/settings", useViewer().permissions)} replace />;
}
