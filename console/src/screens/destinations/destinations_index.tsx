import { Navigate } from "@tanstack/react-router";

import { useMay } from "../../session/session";

/** Leads to the kind of destinations that the member may see. */
export function DestinationsIndex() {
  const mayWebhooks = useMay("WEBHOOK_MANAGE");
  return <Navigate to={mayWebhooks ? "/destinations/webhooks" : "/destinations/audiences"} replace />;
}
