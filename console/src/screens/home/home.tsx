import { Screen } from "../../components/screen";
import { useViewer } from "../../session/session";
import { useTexts } from "../../texts/texts";

export function Home() {
  const t = useTexts();
  const { workspace } = useViewer();
  return (
    <Screen title={workspace.name} lead={t.contacts.count(workspace.contactCount)}>
      {null}
    </Screen>
  );
}
