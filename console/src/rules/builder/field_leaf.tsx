import { NativeSelect } from "@mantine/core";

import { useTexts } from "../../texts/texts";
import { useRuleCatalogue } from "../catalogue";
import { withOperand } from "../operands";
import type { FieldConditionInput, FieldOperator } from "../rule";
import { choicesOf, fieldName, operatorWord } from "../words";
import classes from "./builder.module.css";
import { ValueInput } from "./value_input";

/** A condition on a field or a score. */
export function FieldLeaf({ condition, onChange }: { condition: FieldConditionInput; onChange: (condition: FieldConditionInput) => void }) {
  const t = useTexts().rules;
  const catalogue = useRuleCatalogue();
  if (condition.field === "") return null;
  const field = catalogue.fields.get(condition.field);
  const type = field?.type ?? "TEXT";
  const operators = field?.operators ?? [condition.operator];
  const about = fieldName(t, catalogue, condition.field);
  return (
    <>
      <NativeSelect
        size="xs"
        className={classes.fit}
        aria-label={`${about}: ${t.operator}`}
        value={condition.operator}
        data={operators.map((operator) => ({ value: operator, label: operatorWord(t, operator, type) }))}
        onChange={(event) => onChange(withOperand(condition, event.currentTarget.value as FieldOperator))}
      />
      <ValueInput
        type={type}
        operator={condition.operator}
        value={condition.value}
        about={about}
        choices={field?.choices ? choicesOf(t, field) : undefined}
        suggested={{ field: condition.field }}
        onChange={(value) => onChange({ ...condition, value })}
      />
    </>
  );
}
