import { AwaitedChoice, AwaitedMark, AwaitedMarks, FormCard, FormStack, TextField } from "../../components/form_parts";
import { Screen } from "../../components/screen";
import type { FirstView } from "../../frame/first_view";
import { AwaitedContent } from "../../frame/awaited_screen";
import { KINDS } from "./choices";
import classes from "./segment_form.module.css";

export const NAME_ID = "segment-name";

export const firstView: FirstView<unknown> = ({ kit }) => {
  const t = kit.t.segments;
  return (
    <Screen title={t.newTitle}>
      <FormStack isWide>
        <FormCard isClose>
          <div className={classes.twoColumns}>
            <TextField id={NAME_ID} label={t.name} maxLength={200} />
            <AwaitedChoice label={t.description} placeholder={t.optional} />
          </div>
          <AwaitedMarks label={t.kind} hint={t.kindStays}>
            <div className={classes.kinds}>
              {KINDS.map((each) => (
                <AwaitedMark key={each} kind="radio" label={t.kinds[each]} hint={t.kindLeads[each]} isChosen={each === "DYNAMIC"} className={classes.kind} />
              ))}
            </div>
          </AwaitedMarks>
        </FormCard>
        <FormCard title={t.rule} isClose>
          <AwaitedContent texts={kit.t.common} />
        </FormCard>
      </FormStack>
    </Screen>
  );
};
