import { Navigate } from "@tanstack/react-router";

import { partsFor } from "../../frame/parts";
import { useViewer } from "../../session/session";

/** Leads to the first part of the settings that the member may see. */
export function SettingsIndex() {
  return <Navigate to={partsFor(useViewer().permissions)[0]?.to ?? "/settings/password"} replace />;
}
