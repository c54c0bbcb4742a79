import { Navigate } from "@tanstack/react-router";

import { leadsTo } from "../../frame/areas";
import { useViewer } from "../../session/session";

/** Leads to the kind of destinations that the member may see. */
export function DestinationsIndex() {
  return <Navigate to={leadsTo("/destinations", useViewer().permissions)} replace />;
}
