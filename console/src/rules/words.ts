import type { Catalogue } from "../texts/en";
import type { FieldType, RuleCatalogue, RuleField } from "./catalogue";
import type { FieldOperator, Leaf } from "./rule";

type Words = Catalogue["rules"];

/** The name of a field in the language that is shown; a workspace's own fields have the names that it gave them. */
export function fieldName(words: Words, catalogue: RuleCatalogue, key: string): string {
  const known: Record<string, string> = words.fields;
  return known[key] ?? catalogue.fields.get(key)?.label ?? words.missingField(key);
}

/** How an operator is said for values of a type; `metric` for what is counted. */
export function operatorWord(words: Words, operator: FieldOperator, type: FieldType | "COUNT"): string {
  const ofTimes: Partial<Record<FieldOperator, string>> = words.timeOperators;
  const ofCounts: Partial<Record<FieldOperator, string>> = words.countOperators;
  if (type === "COUNT") return ofCounts[operator] ?? words.operators[operator];
  if (type === "DATE" || type === "DATETIME") return ofTimes[operator] ?? words.operators[operator];
  return words.operators[operator];
}

/** The choices of a field as options; those of Muster's own have words. */
export function choicesOf(words: Words, field: RuleField): { value: string; label: string }[] {
  const known: Record<string, string> = field.key === "whatsapp_consent" ? words.consent : {};
  return (field.choices ?? []).map((value) => ({ value, label: known[value] ?? value }));
}

/** What a condition is about, in a few words, for labels and for what is read aloud. */
export function leafName(words: Words, catalogue: RuleCatalogue, leaf: Leaf): string {
  if (leaf.tags) return words.tags;
  if (leaf.segment) return `${words.segment} ${catalogue.segments.get(leaf.segment.segmentId)?.name ?? ""}`.trim();
  if (leaf.activity) return words.ofKind(leaf.activity.kind);
  return leaf.field.field ? fieldName(words, catalogue, leaf.field.field) : words.condition;
}
