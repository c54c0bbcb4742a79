import type {
  ActivityConditionInput,
  ActivityFilterInput,
  ActivityMetric,
  ActivityOperator,
  FieldConditionInput,
  FieldOperator,
  RuleInput,
  SegmentConditionInput,
  TagsConditionInput,
  TagsOperator,
} from "../__generated__/ruleTextToQuery.graphql";

/** A rule in the shape of the API; the parts of one, by the names that they have there. */
export type {
  ActivityConditionInput,
  ActivityFilterInput,
  ActivityMetric,
  ActivityOperator,
  FieldConditionInput,
  FieldOperator,
  RuleInput,
  SegmentConditionInput,
  TagsConditionInput,
  TagsOperator,
};

/** A condition: the part of a rule that has no parts. */
export type Leaf = Extract<
  RuleInput,
  { field: FieldConditionInput } | { tags: TagsConditionInput } | { segment: SegmentConditionInput } | { activity: ActivityConditionInput }
>;

/** What a builder begins with. The API refuses a group without parts, so it is never saved. */
export const EMPTY_RULE: RuleInput = { all: [] };

/** A condition of which nothing has been chosen yet. */
export const BLANK: Leaf = { field: { field: "", operator: "EQUALS" } };

export function isEmptyRule(rule: RuleInput): boolean {
  return rule.all?.length === 0 || rule.any?.length === 0;
}

/** The conditions of a rule, in their order. */
export function leavesOf(rule: RuleInput): Leaf[] {
  if (rule.all) return rule.all.flatMap(leavesOf);
  if (rule.any) return rule.any.flatMap(leavesOf);
  if (rule.not) return leavesOf(rule.not);
  return [rule];
}

/** Whether a condition has all that it needs. What is only partly chosen is not sent to the server. */
export function isCompleteLeaf(leaf: Leaf): boolean {
  if (leaf.field) return leaf.field.field !== "" && hasOperand(leaf.field.operator, leaf.field.value);
  if (leaf.tags) return leaf.tags.tags.length > 0;
  if (leaf.segment) return leaf.segment.segmentId !== "";
  const { kind, operator, value, where, property, metric } = leaf.activity;
  return (
    kind !== "" &&
    hasOperand(operator, value) &&
    (!measuresProperty(metric) || !!property) &&
    (where ?? []).every((filter) => filter.property !== "" && hasOperand(filter.operator, filter.value))
  );
}

/** Whether a rule has a condition, and each of them all that it needs. */
export function isComplete(rule: RuleInput): boolean {
  const leaves = leavesOf(rule);
  return leaves.length > 0 && leaves.every(isCompleteLeaf);
}

/** Whether a metric is one of a property of the activities. */
export function measuresProperty(metric: ActivityMetric | undefined): boolean {
  return metric !== undefined && metric !== "COUNT" && metric !== "FIRST_OCCURRED" && metric !== "LAST_OCCURRED";
}

export function usesActivities(rule: RuleInput): boolean {
  return leavesOf(rule).some((leaf) => leaf.activity !== undefined);
}

/** What kind of operand an operator takes. */
export type OperandKind = "none" | "one" | "list" | "pair" | "duration";

export function operandKind(operator: FieldOperator | ActivityOperator): OperandKind {
  switch (operator) {
    case "IS_SET":
    case "IS_NOT_SET":
      return "none";
    case "IN":
    case "NOT_IN":
    case "HAS_ANY":
    case "HAS_ALL":
    case "HAS_NONE":
      return "list";
    case "BETWEEN":
      return "pair";
    case "WITHIN_LAST":
    case "WITHIN_NEXT":
    case "MORE_THAN_AGO":
    case "MORE_THAN_AHEAD":
    case "ANNIVERSARY_WITHIN_NEXT":
      return "duration";
    default:
      return "one";
  }
}

function hasOperand(operator: FieldOperator | ActivityOperator, value: unknown): boolean {
  const kind = operandKind(operator);
  if (kind === "none") return true;
  if (kind === "list") return Array.isArray(value) && value.length > 0;
  if (kind === "pair") return Array.isArray(value) && value.length === 2 && value.every(isGiven);
  return isGiven(value);
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== "";
}
