import { Screen } from "../../components/screen";
import type { FirstView } from "../../frame/first_view";
import { NoConnection } from "./destination_parts";
import { DestinationTabs } from "./destination_tabs";

type Data = { metaConnection: unknown; audiences: { nodes: readonly unknown[] } };

export const firstView: FirstView<Data> = ({ kit, may, data }) => {
  if (data.metaConnection || data.audiences.nodes.length > 0) return null;
  const { destinations } = kit.t;
  return (
    <Screen title={destinations.title} lead={destinations.meta.lead}>
      <DestinationTabs kit={kit} may={may} shown="audiences" />
      <NoConnection kit={kit} mayManage={may("WEBHOOK_MANAGE")} />
    </Screen>
  );
};
