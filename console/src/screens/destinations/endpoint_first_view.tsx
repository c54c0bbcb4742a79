import { Screen } from "../../components/screen";
import type { FirstView } from "../../frame/first_view";
import { NoEndpoints } from "./destination_parts";
import { DestinationTabs } from "./destination_tabs";

type Data = { webhookEndpoints: readonly unknown[] };

export const firstView: FirstView<Data> = ({ kit, may, data }) => {
  if (data.webhookEndpoints.length > 0) return null;
  const { destinations } = kit.t;
  return (
    <Screen title={destinations.title} lead={destinations.endpoints.lead}>
      <DestinationTabs kit={kit} may={may} shown="webhooks" />
      <NoEndpoints kit={kit} />
    </Screen>
  );
};
