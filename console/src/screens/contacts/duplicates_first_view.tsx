import { AwaitedPlace } from "../../components/awaited_place";
import { Empty } from "../../components/empty";
import type { Kit } from "../../components/kit";
import { Screen } from "../../components/screen";
import { AwaitedContent } from "../../frame/awaited_screen";
import type { FirstView } from "../../frame/first_view";

type Data = { duplicateContacts: { nodes: readonly unknown[]; pageInfo: { hasNextPage: boolean } } };

export const firstView: FirstView<Data> = ({ kit, data: { duplicateContacts } }) => {
  const t = kit.t.contacts.duplicates;
  const isEmpty = duplicateContacts.nodes.length === 0 && !duplicateContacts.pageInfo.hasNextPage;
  return (
    <Screen title={t.title} lead={<Lead kit={kit} />} actions={<AwaitedPlace style={{ width: 240, height: 26 }} />}>
      {isEmpty ? <NoPairs kit={kit} /> : <AwaitedContent texts={kit.t.common} />}
    </Screen>
  );
};

export function Lead({ kit }: { kit: Kit }) {
  return (
    <>
      <kit.Link path="/contacts" isUnderlined>{kit.t.contacts.title}</kit.Link> · {kit.t.contacts.duplicates.lead}
    </>
  );
}

export function NoPairs({ kit }: { kit: Kit }) {
  const t = kit.t.contacts.duplicates;
  return <Empty title={t.none}>{t.noneLead}</Empty>;
}
