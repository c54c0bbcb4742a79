import "@mantine/notifications/styles.css";

import { ModalsProvider } from "@mantine/modals";
import { Notifications } from "@mantine/notifications";
import { useEffect } from "react";

import { overlaysAreThere } from "../components/overlays";

/** What shows notifications and questions over all screens. A question lies above the dialog from which it is asked. */
export function Overlays() {
  useEffect(overlaysAreThere, []);
  return (
    <ModalsProvider modalProps={{ zIndex: 300 }}>
      <Notifications position="bottom-right" limit={4} />
    </ModalsProvider>
  );
}
