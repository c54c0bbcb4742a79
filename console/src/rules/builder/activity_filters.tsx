import { ActionIcon, Button, NativeSelect } from "@mantine/core";
import { IconFilterPlus, IconX } from "@tabler/icons-react";

import { useTexts } from "../../texts/texts";
import { useRuleCatalogue, type FieldType } from "../catalogue";
import { withOperand } from "../operands";
import { operandKind, type ActivityConditionInput, type ActivityFilterInput, type ActivityOperator } from "../rule";
import { operatorWord } from "../words";
import classes from "./builder.module.css";
import { PropertyInput } from "./property_input";
import { ValueInput } from "./value_input";

const OPERATORS: readonly ActivityOperator[] = [
  "EQUALS",
  "NOT_EQUALS",
  "IN",
  "NOT_IN",
  "CONTAINS",
  "LT",
  "LTE",
  "GT",
  "GTE",
  "IS_SET",
  "IS_NOT_SET",
];
const ORDER: readonly ActivityOperator[] = ["LT", "LTE", "GT", "GTE"];

type Props = { condition: ActivityConditionInput; onChange: (condition: ActivityConditionInput) => void };

/** Which activities count, by their properties. */
export function ActivityFilters({ condition, onChange }: Props) {
  const t = useTexts().rules;
  const filters = condition.where ?? [];
  const first = useRuleCatalogue().kinds.get(condition.kind)?.properties[0];
  return (
    <>
      {filters.map((filter, index) => (
        // A filter has nothing of its own that tells it from another one but its place.
        // eslint-disable-next-line react/no-array-index-key
        <div key={index} className={classes.filter} role="group" aria-label={`${t.where} ${filter.property}`}>
          <span className={classes.word}>{index === 0 ? t.where : t.and}</span>
          <Filter
            kind={condition.kind}
            filter={filter}
            onChange={(next) => onChange({ ...condition, where: filters.map((each, at) => (at === index ? next : each)) })}
          />
          <ActionIcon
            variant="subtle"
            color="gray"
            size="sm"
            aria-label={t.removeFilter(filter.property)}
            onClick={() => onChange({ ...condition, where: filters.filter((_, at) => at !== index) })}
          >
            <IconX size={14} />
          </ActionIcon>
        </div>
      ))}
      <Button
        size="compact-xs"
        variant="subtle"
        leftSection={<IconFilterPlus size={14} />}
        onClick={() => onChange({ ...condition, where: [...filters, newFilter(first?.property ?? "", first?.types ?? [])] })}
      >
        {t.addFilter}
      </Button>
    </>
  );
}

function newFilter(property: string, types: readonly FieldType[]): ActivityFilterInput {
  return { property, operator: "EQUALS", value: types[0] === "BOOLEAN" ? true : "" };
}

/** The type of a filter's values: that of the one that it has, else the one that the property had lately. */
function typeOf(filter: ActivityFilterInput, known: readonly FieldType[]): FieldType {
  if (ORDER.includes(filter.operator)) return "NUMBER";
  const value: unknown = Array.isArray(filter.value) ? filter.value[0] : filter.value;
  if (typeof value === "number") return "NUMBER";
  if (typeof value === "boolean") return "BOOLEAN";
  if (typeof value === "string" && value !== "") return "TEXT";
  return known[0] ?? "TEXT";
}

function Filter({ kind, filter, onChange }: { kind: string; filter: ActivityFilterInput; onChange: (filter: ActivityFilterInput) => void }) {
  const t = useTexts().rules;
  const properties = useRuleCatalogue().kinds.get(kind)?.properties ?? [];
  const known = properties.find(({ property }) => property === filter.property)?.types ?? [];
  const type = typeOf(filter, known);
  return (
    <>
      <PropertyInput
        label={`${t.ofKind(kind)}: ${t.property}`}
        properties={properties.map(({ property }) => property)}
        value={filter.property}
        onChange={(property) => {
          const types = properties.find((each) => each.property === property)?.types;
          const fits = types === undefined || operandKind(filter.operator) === "none" || types.includes(type);
          onChange(fits ? { ...filter, property } : newFilter(property, types));
        }}
      />
      <NativeSelect
        size="xs"
        className={classes.fit}
        aria-label={`${filter.property}: ${t.operator}`}
        value={filter.operator}
        data={OPERATORS.map((operator) => ({ value: operator, label: operatorWord(t, operator, "TEXT") }))}
        onChange={(event) => onChange(withOperand(filter, event.currentTarget.value as ActivityOperator))}
      />
      {(known.length > 1 || (known[0] ?? type) !== type) && operandKind(filter.operator) === "one" && !ORDER.includes(filter.operator) && (
        <NativeSelect
          size="xs"
          className={classes.fit}
          aria-label={`${filter.property}: ${t.valueType}`}
          value={type}
          data={[
            { value: "TEXT", label: t.valueTypes.text },
            { value: "NUMBER", label: t.valueTypes.number },
            { value: "BOOLEAN", label: t.valueTypes.boolean },
          ]}
          onChange={(event) => onChange({ ...filter, value: asType(filter.value, event.currentTarget.value) })}
        />
      )}
      <ValueInput
        type={type}
        operator={filter.operator}
        value={filter.value}
        about={filter.property || t.property}
        suggested={type === "TEXT" ? { kind, property: filter.property } : undefined}
        onChange={(value) => onChange({ ...filter, value })}
      />
    </>
  );
}

function asType(value: unknown, type: string): unknown {
  if (type === "BOOLEAN") return true;
  if (type === "NUMBER") return Number(value) || 0;
  return typeof value === "string" ? value : String(value ?? "");
}
