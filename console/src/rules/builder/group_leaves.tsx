import { NativeSelect } from "@mantine/core";

import { Select } from "../../components/choices";
import { SegmentSelect } from "../../components/segment_select";
import { useTexts } from "../../texts/texts";
import { useRuleCatalogue } from "../catalogue";
import type { SegmentConditionInput, TagsConditionInput, TagsOperator } from "../rule";
import classes from "./builder.module.css";
import { TextList } from "./value_input";

const TAGS_OPERATORS: readonly TagsOperator[] = ["HAS_ANY", "HAS_ALL", "HAS_NONE"];

/** A condition on the tags of a contact. */
export function TagsLeaf({ condition, onChange }: { condition: TagsConditionInput; onChange: (condition: TagsConditionInput) => void }) {
  const t = useTexts().rules;
  return (
    <>
      <NativeSelect
        size="xs"
        className={classes.fit}
        aria-label={`${t.tags}: ${t.operator}`}
        value={condition.operator}
        data={TAGS_OPERATORS.map((operator) => ({ value: operator, label: t.tagOperators[operator] }))}
        onChange={(event) => onChange({ ...condition, operator: event.currentTarget.value as TagsOperator })}
      />
      <TextList
        label={t.tags}
        texts={[...condition.tags]}
        suggested={{ tags: true }}
        onChange={(tags) => onChange({ ...condition, tags })}
      />
    </>
  );
}

/** A condition on another segment. */
export function SegmentLeaf({
  condition,
  onChange,
}: {
  condition: SegmentConditionInput;
  onChange: (condition: SegmentConditionInput) => void;
}) {
  const t = useTexts().rules;
  const catalogue = useRuleCatalogue();
  const props = { size: "xs", className: classes.text, "aria-label": t.segment, placeholder: t.choose, allowDeselect: false } as const;
  const value = condition.segmentId || null;
  const known = value === null || catalogue.segments.has(value);
  return (
    <>
      <NativeSelect
        size="xs"
        className={classes.fit}
        aria-label={`${t.segment}: ${t.membership}`}
        value={String(condition.member ?? true)}
        data={[
          { value: "true", label: t.member },
          { value: "false", label: t.notMember },
        ]}
        onChange={(event) => onChange({ ...condition, member: event.currentTarget.value === "true" })}
      />
      {catalogue.hasMoreSegments ? (
        <SegmentSelect
          {...props}
          clearable={false}
          value={value}
          onChange={(segment) => segment && onChange({ ...condition, segmentId: segment.id })}
        />
      ) : (
        <Select
          {...props}
          searchable
          data={[
            ...[...catalogue.segments.values()].map(({ id, name }) => ({ value: id, label: name })),
            ...(known ? [] : [{ value, label: t.missingSegment }]),
          ]}
          value={value}
          onChange={(segmentId) => segmentId && onChange({ ...condition, segmentId })}
        />
      )}
    </>
  );
}
