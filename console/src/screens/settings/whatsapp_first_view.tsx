import { Empty } from "../../components/empty";
import type { Kit } from "../../components/kit";
import { PlainButton } from "../../components/plain_button";
import { Screen } from "../../components/screen";
import type { FirstView } from "../../frame/first_view";

type Data = { whatsappChannel: unknown };

export const firstView: FirstView<Data> = ({ kit, may, data }) => {
  if (data.whatsappChannel) return null;
  return (
    <Screen title={kit.t.settings.tabs.whatsapp} lead={kit.t.settings.whatsapp.lead}>
      <NoChannel kit={kit} mayManage={may("WEBHOOK_MANAGE")} />
    </Screen>
  );
};

export function NoChannel({ kit, mayManage, onConnect }: { kit: Kit; mayManage: boolean; onConnect?: () => void }) {
  const t = kit.t.settings.whatsapp;
  return (
    <Empty title={t.none} action={mayManage && <PlainButton onClick={onConnect}>{t.connect}</PlainButton>}>
      {t.noneLead}
    </Empty>
  );
}
