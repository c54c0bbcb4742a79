import { AwaitedChoice, AwaitedMark, FormCard, TextField } from "../../components/form_parts";
import { Screen } from "../../components/screen";
import type { FirstView } from "../../frame/first_view";
import type { workspaceSettingsQuery$data } from "../../__generated__/workspaceSettingsQuery.graphql";

export const NAME_ID = "workspace-name";

export const firstView: FirstView<workspaceSettingsQuery$data> = ({ kit, data: { viewer } }) => {
  const t = kit.t.settings;
  const { name, timezone, defaultCountry, messageCap } = viewer.workspace;
  return (
    <Screen title={t.tabs.workspace} lead={t.workspace.lead}>
      <FormCard maxWidth={640}>
        <TextField id={NAME_ID} label={t.workspace.name} isRequired maxLength={200} value={name} />
        <AwaitedChoice label={t.workspace.timezone} hint={t.workspace.timezoneHint} value={timezone} />
        <AwaitedChoice
          label={t.workspace.country}
          hint={t.workspace.countryHint}
          placeholder={defaultCountry ? "\u00a0" : kit.t.common.none} // browsers take long to name the first country
        />
        <AwaitedMark kind="switch" label={t.workspace.cap} hint={t.workspace.capHint} isChosen={messageCap != null} />
      </FormCard>
    </Screen>
  );
};
