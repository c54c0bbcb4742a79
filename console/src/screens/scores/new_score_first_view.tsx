import { AwaitedChoice, FormCard, FormColumns, FormStack, FormTitle, TextField } from "../../components/form_parts";
import { Screen } from "../../components/screen";
import { Words } from "../../components/words";
import type { FirstView } from "../../frame/first_view";
import { AwaitedContent } from "../../frame/awaited_screen";
import classes from "./score_form.module.css";

export const NAME_ID = "score-name";
export const KEY_ID = "score-key";

export const firstView: FirstView<unknown> = ({ kit }) => {
  const t = kit.t.scores;
  const preview = (
    <FormCard title={t.preview} isClose>
      <Words isDimmed>{t.previewLead}</Words>
      <Words isDimmed>{t.previewWaiting}</Words>
    </FormCard>
  );
  return (
    <Screen title={t.newTitle} lead={t.lead}>
      <FormColumns side={preview} sideSpan={4}>
        <FormStack>
          <FormCard isClose>
            <div className={classes.names}>
              <TextField id={NAME_ID} label={t.name} isRequired maxLength={200} />
              <TextField id={KEY_ID} label={t.key} hint={t.keyHint} isHintBelow isRequired maxLength={40} />
            </div>
            <AwaitedChoice label={t.description} />
            <div className={classes.limits}>
              <AwaitedChoice label={t.minimum} placeholder={t.noLimit} style={{ width: 120 }} />
              <AwaitedChoice label={t.maximum} placeholder={t.noLimit} style={{ width: 120 }} />
            </div>
          </FormCard>
          <div className={classes.groups}>
            <FormTitle>{t.groups}</FormTitle>
            <Words isDimmed>{t.groupHint}</Words>
          </div>
          <AwaitedContent texts={kit.t.common} />
        </FormStack>
      </FormColumns>
    </Screen>
  );
};
