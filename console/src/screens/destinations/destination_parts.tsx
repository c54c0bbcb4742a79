import { IconPlus } from "@tabler/icons-react";

import { Empty } from "../../components/empty";
import type { Kit } from "../../components/kit";
import { PlainButton } from "../../components/plain_button";

// Parts of the lists of destinations without hooks: what there is to do at first is drawn before React is there.

export function AddEndpoint({ kit: { t, ButtonLink } }: { kit: Kit }) {
  return (
    <ButtonLink path="/destinations/webhooks/new" leftSection={<IconPlus size={16} />}>
      {t.destinations.endpoints.add}
    </ButtonLink>
  );
}

export function NoEndpoints({ kit }: { kit: Kit }) {
  const words = kit.t.destinations.endpoints;
  return (
    <Empty title={words.empty} action={<AddEndpoint kit={kit} />}>
      {words.emptyLead}
    </Empty>
  );
}

export function NoConnection({ kit: { t }, mayManage, onConnect }: { kit: Kit; mayManage: boolean; onConnect?: () => void }) {
  const words = t.destinations.meta;
  return (
    <Empty title={words.none} action={mayManage && <PlainButton onClick={onConnect}>{words.connect}</PlainButton>}>
      {words.noneLead}
    </Empty>
  );
}
