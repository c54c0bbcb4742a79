import { NativeSelect } from "@mantine/core";

import { useTexts } from "../../texts/texts";
import { useRuleCatalogue } from "../catalogue";
import { withOperand } from "../operands";
import { measuresProperty, type ActivityConditionInput, type ActivityMetric, type FieldOperator } from "../rule";
import { operatorWord } from "../words";
import { ActivityFilters } from "./activity_filters";
import { ActivityPeriod } from "./activity_period";
import classes from "./builder.module.css";
import { PropertyInput } from "./property_input";
import { ValueInput } from "./value_input";

const METRICS: readonly ActivityMetric[] = [
  "COUNT",
  "SUM",
  "AVERAGE",
  "MINIMUM",
  "MAXIMUM",
  "DISTINCT_COUNT",
  "FIRST_OCCURRED",
  "LAST_OCCURRED",
];
const NUMERIC: readonly FieldOperator[] = ["GTE", "GT", "LTE", "LT", "EQUALS", "NOT_EQUALS", "IN", "NOT_IN", "BETWEEN"];
const OF_MOMENTS: readonly FieldOperator[] = [
  "WITHIN_LAST",
  "MORE_THAN_AGO",
  "WITHIN_NEXT",
  "MORE_THAN_AHEAD",
  "LT",
  "LTE",
  "GT",
  "GTE",
  "BETWEEN",
  "EQUALS",
  "NOT_EQUALS",
  "IN",
  "NOT_IN",
];

function isMoment(metric: ActivityMetric): boolean {
  return metric === "FIRST_OCCURRED" || metric === "LAST_OCCURRED";
}

/** The condition with another metric; a number does not become a moment, so operator and value begin anew then. */
function withMetric(condition: ActivityConditionInput, metric: ActivityMetric, properties: readonly string[]): ActivityConditionInput {
  const { property, ...rest } = condition;
  const next: ActivityConditionInput = measuresProperty(metric) ? { ...rest, metric, property: property ?? properties[0] ?? "" } : { ...rest, metric };
  if (isMoment(condition.metric ?? "COUNT") === isMoment(metric)) return next;
  return isMoment(metric) ? { ...next, operator: "WITHIN_LAST", value: "P30D" } : { ...next, operator: "GTE", value: 1 };
}

/** A condition on what a contact did: what is measured, when, and over which activities. */
export function ActivityLeaf({
  condition,
  onChange,
}: {
  condition: ActivityConditionInput;
  onChange: (condition: ActivityConditionInput) => void;
}) {
  const t = useTexts().rules;
  const kind = useRuleCatalogue().kinds.get(condition.kind);
  const metric = condition.metric ?? "COUNT";
  const numeric = kind?.properties.filter(({ types }) => types.includes("NUMBER")).map(({ property }) => property) ?? [];
  const all = kind?.properties.map(({ property }) => property) ?? [];
  const type = isMoment(metric) ? "DATETIME" : metric === "COUNT" || metric === "DISTINCT_COUNT" ? "COUNT" : "NUMBER";
  const about = t.ofKind(condition.kind);
  return (
    <>
      <NativeSelect
        size="xs"
        className={classes.fit}
        aria-label={`${about}: ${t.metric}`}
        value={metric}
        data={METRICS.map((each) => ({ value: each, label: t.metrics[each] }))}
        onChange={(event) =>
          onChange(withMetric(condition, event.currentTarget.value as ActivityMetric, numeric.length > 0 ? numeric : all))
        }
      />
      {measuresProperty(metric) && (
        <PropertyInput
          label={`${about}: ${t.property}`}
          properties={metric === "DISTINCT_COUNT" ? all : numeric}
          value={condition.property ?? ""}
          onChange={(property) => onChange({ ...condition, property })}
        />
      )}
      <NativeSelect
        size="xs"
        className={classes.fit}
        aria-label={`${about}: ${t.operator}`}
        value={condition.operator}
        data={(isMoment(metric) ? OF_MOMENTS : NUMERIC).map((operator) => ({ value: operator, label: operatorWord(t, operator, type) }))}
        onChange={(event) => onChange(withOperand(condition, event.currentTarget.value as FieldOperator))}
      />
      <ValueInput
        type={isMoment(metric) ? "DATETIME" : "NUMBER"}
        operator={condition.operator}
        value={condition.value}
        about={about}
        onChange={(value) => onChange({ ...condition, value })}
      />
      {metric === "COUNT" && <span>{t.times}</span>}
      <ActivityPeriod condition={condition} onChange={onChange} />
      <ActivityFilters condition={condition} onChange={onChange} />
    </>
  );
}
