import { IconPlus } from "@tabler/icons-react";

import { Empty } from "../../components/empty";
import type { Kit } from "../../components/kit";
import { Screen } from "../../components/screen";
import type { FirstView } from "../../frame/first_view";

type Data = { scoreModels: { nodes: readonly unknown[] } };

/** What there is to do at first; scores themselves are drawn by React alone. */
export const firstView: FirstView<Data> = ({ kit, may, data }) => {
  if (data.scoreModels.nodes.length > 0) return null;
  return (
    <Screen title={kit.t.scores.title} lead={kit.t.scores.lead}>
      <NoScores kit={kit} mayWrite={may("SEGMENT_WRITE")} />
    </Screen>
  );
};

export function NoScores({ kit, mayWrite }: { kit: Kit; mayWrite: boolean }) {
  const t = kit.t.scores;
  return (
    <Empty title={t.empty} action={mayWrite && <Create kit={kit} />}>
      {t.emptyLead}
    </Empty>
  );
}

export function Create({ kit: { t, ButtonLink } }: { kit: Kit }) {
  return (
    <ButtonLink path="/scores/new" leftSection={<IconPlus size={16} />}>
      {t.scores.new}
    </ButtonLink>
  );
}
