import { Group, NumberInput, TextInput } from "@mantine/core";
import { useState } from "react";

import { Autocomplete, Select } from "../../components/choices";
import { durationOf, partsOf, UNITS, unitInWords, type Unit } from "../../rules/duration";
import { useTexts } from "../../texts/texts";
import { kindOf, type Graph } from "./graph";
import { useOptions } from "./options";

/** A duration as a number and a unit; one of several units stays as it was written. */
export function DurationInput({
  label,
  value,
  onChange,
  required = false,
}: {
  label: string;
  value: string | null | undefined;
  onChange: (value: string | null) => void;
  required?: boolean;
}) {
  const t = useTexts().workflows.field;
  const parts = value ? partsOf(value) : [];
  const [chosen, setChosen] = useState<Unit>("day");
  if (!parts || parts.length > 1) {
    return <TextInput label={label} value={value ?? ""} onChange={(event) => onChange(event.currentTarget.value || null)} />;
  }
  const [count, unit] = parts[0] ?? [undefined, chosen];
  return (
    <Group gap="xs" align="flex-end" wrap="nowrap">
      <NumberInput
        flex={1}
        label={label}
        min={0}
        allowDecimal={false}
        required={required}
        value={count ?? ""}
        onChange={(next) => onChange(next === "" ? null : durationOf(Number(next), unit))}
      />
      <Select
        w={130}
        aria-label={`${label}: ${t.unitLabel}`}
        allowDeselect={false}
        data={UNITS.map((each) => ({ value: each, label: unitInWords(count ?? 2, each) }))}
        value={unit}
        onChange={(next) => {
          if (!next) return;
          setChosen(next as Unit);
          if (count !== undefined) onChange(durationOf(count, next as Unit));
        }}
      />
    </Group>
  );
}

/** Chooses a node of the graph. `except`: a node does not lead to itself unless it does already. */
export function NodeSelect({
  label,
  graph,
  value,
  onChange,
  clearable = false,
  except,
}: {
  label: string;
  graph: Graph;
  value: string | null | undefined;
  onChange: (key: string) => void;
  clearable?: boolean;
  except?: string;
}) {
  const t = useTexts();
  const nodes = graph.nodes.filter((node) => node.key !== except || node.key === value);
  return (
    <Select
      label={label}
      placeholder={clearable ? t.workflows.editor.none : t.workflows.nowhere}
      clearable={clearable}
      clearButtonProps={{ "aria-label": t.common.clear }}
      allowDeselect={false}
      data={nodes.map((node) => ({ value: node.key, label: node.label || `${t.workflows.kind[kindOf(node)]} (${node.key})` }))}
      value={value || null}
      onChange={(key) => onChange(key ?? "")}
    />
  );
}

/** Chooses a field of contacts. */
export function FieldSelect({ label, value, onChange, types }: { label: string; value: string | null | undefined; onChange: (field: string) => void; types?: readonly string[] }) {
  const { ruleFields = [] } = useOptions();
  const fields = (ruleFields ?? []).filter((field) => !types || types.includes(field.type));
  return (
    <Select
      label={label}
      searchable
      allowDeselect={false}
      data={fields.map((field) => ({ value: field.key, label: field.label }))}
      value={value || null}
      onChange={(field) => onChange(field ?? "")}
    />
  );
}

/** Names a kind of activity: one that there is, or a new one. */
export function ActivityKindInput({ value, onChange }: { value: string; onChange: (kind: string) => void }) {
  const t = useTexts().workflows.field;
  const { activityKinds = [] } = useOptions();
  return <Autocomplete label={t.kind} data={(activityKinds ?? []).map((each) => each.kind)} value={value} onChange={onChange} />;
}

/** A time of day, HH:MM. */
export function TimeInput({ label, value, onChange }: { label: string; value: string | null | undefined; onChange: (time: string | null) => void }) {
  return <TextInput type="time" label={label} value={value ?? ""} onChange={(event) => onChange(event.currentTarget.value || null)} />;
}
