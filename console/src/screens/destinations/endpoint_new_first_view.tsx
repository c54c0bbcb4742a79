import { AwaitedChoice, AwaitedMark, AwaitedMarks, FormCard, FormStack, TextField } from "../../components/form_parts";
import { Screen } from "../../components/screen";
import type { FirstView } from "../../frame/first_view";
import { chosenAmong, knownTypes } from "./endpoint_words";
import { valuesOf } from "./endpoint_values";
import classes from "./endpoint_form.module.css";

export const ADDRESS_ID = "endpoint-url";
export const DESCRIPTION_ID = "endpoint-description";
export const ADDRESS_EXAMPLE = "https://partner.example/hooks";

export const firstView: FirstView<unknown> = ({ kit: { t }, may }) => {
  const words = t.destinations.form;
  const { eventTypes } = valuesOf(null);
  return (
    <Screen title={words.newTitle} lead={words.newLead}>
      <FormStack maxWidth={860}>
        <FormCard>
          <TextField id={ADDRESS_ID} type="url" label={words.url} hint={words.urlHint} placeholder={ADDRESS_EXAMPLE} isRequired />
          <TextField id={DESCRIPTION_ID} label={words.description} hint={words.descriptionHint} />
        </FormCard>
        <FormCard>
          <AwaitedMarks label={words.eventTypes}>
            <div className={classes.types}>
              {chosenAmong(knownTypes(t)).map(({ name, description }) => (
                <AwaitedMark key={name} kind="checkbox" label={t.destinations.eventTypes[name]?.label ?? name} hint={description} isChosen={eventTypes.includes(name)} />
              ))}
            </div>
          </AwaitedMarks>
        </FormCard>
        {may("SEGMENT_READ") && (
          <FormCard>
            <AwaitedChoice label={words.segments} hint={words.segmentsHint} placeholder={words.addSegment} />
          </FormCard>
        )}
      </FormStack>
    </Screen>
  );
};
