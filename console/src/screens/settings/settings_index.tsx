import { Navigate } from "@tanstack/react-router";

import { useTabs } from "./tabs";

/** Leads to the first part of the settings that the member may see. */
export function SettingsIndex() {
  return <Navigate to={useTabs()[0]?.to ?? "/settings/password"} replace />;
}
