import { IconRefresh } from "@tabler/icons-react";

import { AwaitedChoice, AwaitedMark, FormCard, FormColumns, FormStack, Notice, TextField } from "../../components/form_parts";
import { PlainButton } from "../../components/plain_button";
import { Screen } from "../../components/screen";
import { Words } from "../../components/words";
import type { FirstView } from "../../frame/first_view";
import type { messageFields_query$data } from "../../__generated__/messageFields_query.graphql";
import { EMPTY_DRAFT } from "./draft_values";
import classes from "./message_fields.module.css";

export const NAME_ID = "broadcast-name";

type Data = Pick<messageFields_query$data, "whatsappChannel"> & { messageTemplates: readonly unknown[] };

export const firstView: FirstView<Data> = ({ kit, data: { whatsappChannel, messageTemplates } }) => {
  const t = kit.t.broadcasts;
  if (whatsappChannel?.status === "REFUSED") return null; // what it says is drawn by React alone
  const hasTemplates = messageTemplates.length > 0;
  return (
    <Screen title={t.newTitle} lead={t.emptyLead}>
      <FormColumns side={<FormCard title={t.preview} isClose><Words isDimmed>{t.chooseTemplate}</Words></FormCard>} sideSpan={5}>
        <FormStack>
          <FormCard title={t.message}>
            {!whatsappChannel && (
              <Notice color="orange" title={t.noChannel}>
                {t.noChannelLead}
              </Notice>
            )}
            <TextField id={NAME_ID} label={t.name} hint={t.nameHint} isRequired maxLength={200} />
            <div className={classes.template}>
              <AwaitedChoice label={t.template} isRequired placeholder={hasTemplates ? t.chooseTemplate : t.noTemplates} style={{ flex: "1 1 200px" }} />
              <PlainButton variant="default" leftSection={<IconRefresh size={16} />}>
                {t.fetchTemplates}
              </PlainButton>
            </div>
            {!hasTemplates && <Words isDimmed>{t.noTemplatesLead}</Words>}
          </FormCard>
          <FormCard title={t.audience}>
            <AwaitedChoice label={t.include} hint={t.includeHint} isRequired />
            <AwaitedChoice label={t.exclude} />
            <AwaitedMark kind="switch" label={t.requireOptIn} hint={t.requireOptInHint} isChosen={EMPTY_DRAFT.requireOptIn} />
          </FormCard>
        </FormStack>
      </FormColumns>
    </Screen>
  );
};
