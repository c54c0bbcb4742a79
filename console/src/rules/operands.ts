import type { FieldType, RuleCatalogue } from "./catalogue";
import { operandKind, type ActivityOperator, type FieldOperator, type Leaf } from "./rule";

/** The operand for another operator: kept where it fits, else a good one to begin with. */
export function operandFor(operator: FieldOperator | ActivityOperator, before: FieldOperator | ActivityOperator, value: unknown): unknown {
  const [kind, old] = [operandKind(operator), operandKind(before)];
  if (kind === old) return value;
  switch (kind) {
    case "none":
      return undefined;
    case "duration":
      return "P30D";
    case "list":
      return Array.isArray(value) ? value : old === "one" && isGiven(value) ? [value] : [];
    case "pair":
      return [old === "one" ? (value ?? null) : null, null];
    case "one":
      return Array.isArray(value) ? value[0] : undefined;
  }
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== "";
}

/** A condition's operator and value, without a value where the operator takes none. */
export function withOperand<Condition extends { operator: FieldOperator | ActivityOperator; value?: unknown }>(
  condition: Condition,
  operator: Condition["operator"],
): Condition {
  const { value, ...rest } = condition;
  const next = operandFor(operator, condition.operator, value);
  return (next === undefined ? { ...rest, operator } : { ...rest, operator, value: next }) as Condition;
}

const FIRST: Record<FieldType, { operator: FieldOperator; value?: unknown }> = {
  TEXT: { operator: "EQUALS", value: "" },
  NUMBER: { operator: "GTE" },
  BOOLEAN: { operator: "EQUALS", value: true },
  DATE: { operator: "WITHIN_LAST", value: "P30D" },
  DATETIME: { operator: "WITHIN_LAST", value: "P30D" },
  CHOICE: { operator: "EQUALS" },
  MULTI_CHOICE: { operator: "HAS_ANY", value: [] },
};

/** What a condition can be about, as the value of a select: "field:city", "tags", "segment", "activity:purchase". */
export function subjectOf(leaf: Leaf): string | null {
  if (leaf.tags) return "tags";
  if (leaf.segment) return "segment";
  if (leaf.activity) return `activity:${leaf.activity.kind}`;
  return leaf.field.field ? `field:${leaf.field.field}` : null;
}

/** A condition about another subject; operator and value are kept where the types are the same. */
export function leafAbout(subject: string, before: Leaf, catalogue: RuleCatalogue): Leaf {
  if (subject === "tags") return { tags: { operator: "HAS_ANY", tags: [] } };
  if (subject === "segment") return { segment: { segmentId: "", member: true } };
  if (subject.startsWith("activity:")) {
    const kind = subject.slice("activity:".length);
    if (before.activity) return { activity: { ...before.activity, kind } };
    return { activity: { kind, metric: "COUNT", within: "P30D", operator: "GTE", value: 1 } };
  }
  const key = subject.slice("field:".length);
  const type = catalogue.fields.get(key)?.type ?? "TEXT";
  const old = before.field ? catalogue.fields.get(before.field.field)?.type : undefined;
  const isFree = type !== "CHOICE" && type !== "MULTI_CHOICE";
  if (before.field && old === type && isFree && catalogue.fields.get(key)?.operators.includes(before.field.operator)) {
    return { field: { ...before.field, field: key } };
  }
  return { field: { field: key, ...FIRST[type] } };
}
