import { useContext, useMemo } from "react";

import { Select } from "../../components/choices";
import { useTexts } from "../../texts/texts";
import { useRuleCatalogue } from "../catalogue";
import { leafAbout, subjectOf } from "../operands";
import type { Leaf } from "../rule";
import { fieldName, leafName } from "../words";
import classes from "./builder.module.css";
import { ActivitiesContext } from "./context";

/** Chooses what a condition is about: a field, the tags, a segment or a kind of activity. */
export function SubjectSelect({ leaf, onChange }: { leaf: Leaf; onChange: (leaf: Leaf) => void }) {
  const t = useTexts().rules;
  const catalogue = useRuleCatalogue();
  const mayActivities = useContext(ActivitiesContext);
  const subject = subjectOf(leaf);
  const name = leafName(t, catalogue, leaf);
  const data = useMemo(() => {
    const of = (group: string) =>
      [...catalogue.fields.values()]
        .filter((field) => group === (field.custom ? "custom" : field.key.startsWith("scores.") ? "scores" : "contact"))
        .map((field) => ({ value: `field:${field.key}`, label: fieldName(t, catalogue, field.key) }));
    const kinds = [...catalogue.kinds.keys()].map((kind) => ({ value: `activity:${kind}`, label: kind }));
    const groups = [
      { group: t.groups.contact, items: of("contact") },
      { group: t.groups.custom, items: of("custom") },
      { group: t.groups.scores, items: of("scores") },
      {
        group: t.groups.groups,
        items: [
          { value: "tags", label: t.tags },
          { value: "segment", label: t.segment },
        ],
      },
      { group: t.groups.activities, items: mayActivities ? kinds : [] },
    ];
    const known = groups.some(({ items }) => items.some(({ value }) => value === subject));
    if (subject !== null && !known) groups.unshift({ group: t.subject, items: [{ value: subject, label: name }] });
    return groups.filter(({ items }) => items.length > 0);
  }, [catalogue, t, mayActivities, subject, name]);
  return (
    <Select
      size="xs"
      className={classes.subject}
      aria-label={t.subject}
      placeholder={t.choose}
      data-subject
      searchable
      nothingFoundMessage={t.choose}
      selectFirstOptionOnChange
      selectFirstOptionOnDropdownOpen={subject === null} // else Mantine forgets the first one, where a timer of the opening comes late
      maxDropdownHeight={320}
      comboboxProps={{ width: 240, position: "bottom-start" }}
      data={data}
      value={subject}
      allowDeselect={false}
      onChange={(next) => next !== null && next !== subject && onChange(leafAbout(next, leaf, catalogue))}
    />
  );
}
