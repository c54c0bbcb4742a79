import { NativeSelect, TextInput } from "@mantine/core";

import { Autocomplete, MultiSelect, TagsInput } from "../../components/choices";
import { useTexts } from "../../texts/texts";
import type { FieldType } from "../catalogue";
import { DAY_UNITS, UNITS } from "../duration";
import { operandKind, type ActivityOperator, type FieldOperator } from "../rule";
import { useSuggestions, type Suggested } from "../suggestions";
import classes from "./builder.module.css";
import { DurationInput } from "./duration_input";
import { MomentInput } from "./moment_input";
import { NumberField, read } from "./number_field";

type Option = { value: string; label: string };

/** What a condition compares with, drawn by the type of the values and by the operator. */
export function ValueInput({
  type,
  operator,
  value,
  onChange,
  about,
  choices,
  suggested,
}: {
  type: FieldType;
  operator: FieldOperator | ActivityOperator;
  value: unknown;
  onChange: (value: unknown) => void;
  /** What the value is of, for its label. */
  about: string;
  choices?: readonly Option[];
  suggested?: Suggested;
}) {
  const t = useTexts().rules;
  switch (operandKind(operator)) {
    case "none":
      return null;
    case "duration":
      return (
        <DurationInput label={`${about}: ${t.length}`} units={type === "DATE" ? DAY_UNITS : UNITS} value={value} onChange={onChange} />
      );
    case "pair": {
      const [low, high] = Array.isArray(value) ? value : [];
      return (
        <>
          <OneValue type={type} label={`${about}: ${t.from}`} value={low} onChange={(next) => onChange([next ?? null, high ?? null])} />
          <span>{t.and}</span>
          <OneValue type={type} label={`${about}: ${t.to}`} value={high} onChange={(next) => onChange([low ?? null, next ?? null])} />
        </>
      );
    }
    case "list": {
      const list: unknown[] = Array.isArray(value) ? value : [];
      return <ListValue type={type} label={`${about}: ${t.values}`} list={list} onChange={onChange} choices={choices} suggested={suggested} />;
    }
    case "one":
      return (
        <OneValue type={type} label={`${about}: ${t.value}`} value={value} onChange={onChange} choices={choices} suggested={suggested} />
      );
  }
}

type OneProps = {
  type: FieldType;
  label: string;
  value: unknown;
  onChange: (value: unknown) => void;
  choices?: readonly Option[];
  suggested?: Suggested;
};

function OneValue({ type, label, value, onChange, choices, suggested }: OneProps) {
  const t = useTexts().rules;
  if (type === "BOOLEAN") {
    return (
      <NativeSelect
        size="xs"
        className={classes.fit}
        aria-label={label}
        value={String(value ?? "")}
        data={[
          ...(typeof value === "boolean" ? [] : [{ value: String(value ?? ""), label: t.choose }]),
          { value: "true", label: t.isTrue },
          { value: "false", label: t.isFalse },
        ]}
        onChange={(event) => onChange(event.currentTarget.value === "true")}
      />
    );
  }
  if (type === "NUMBER") return <NumberField size="xs" className={classes.number} aria-label={label} value={value} onChange={onChange} />;
  if (type === "DATE" || type === "DATETIME") return <MomentInput isDay={type === "DATE"} label={label} value={value} onChange={onChange} />;
  const text = value === undefined || value === null ? "" : String(value);
  if (choices) {
    const known = choices.some((choice) => choice.value === text);
    return (
      <NativeSelect
        size="xs"
        className={classes.fit}
        aria-label={label}
        value={text}
        data={[...(known ? [] : [{ value: text, label: text || t.choose }]), ...choices]}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    );
  }
  if (!suggested) {
    return (
      <TextInput size="xs" className={classes.text} aria-label={label} value={text} onChange={(event) => onChange(event.currentTarget.value)} />
    );
  }
  return <SuggestedText label={label} text={text} onChange={onChange} suggested={suggested} />;
}

function SuggestedText({ label, text, onChange, suggested }: { label: string; text: string; onChange: (text: string) => void; suggested: Suggested }) {
  const [found, suggest] = useSuggestions(suggested);
  return (
    <Autocomplete
      size="xs"
      className={classes.text}
      aria-label={label}
      value={text}
      data={[...found]}
      filter={({ options }) => options}
      onFocus={() => suggest(text)}
      onChange={(next) => {
        onChange(next);
        suggest(next);
      }}
    />
  );
}

function ListValue({
  type,
  label,
  list,
  onChange,
  choices,
  suggested,
}: Omit<OneProps, "value" | "onChange"> & { list: readonly unknown[]; onChange: (list: unknown[]) => void }) {
  const texts = list.map(String);
  if (choices) {
    const lost = texts.filter((text) => !choices.some((choice) => choice.value === text)).map((text) => ({ value: text, label: text }));
    return (
      <MultiSelect
        size="xs"
        className={classes.list}
        aria-label={label}
        value={texts}
        data={[...choices, ...lost]}
        hidePickedOptions
        onChange={onChange}
      />
    );
  }
  const typed = (text: string): unknown => (type === "NUMBER" ? (read(text) ?? text) : text);
  return <TextList label={label} texts={texts} onChange={(next) => onChange(next.map(typed))} suggested={suggested} />;
}

/** Texts, each in a pill; those that there are already are suggested. */
export function TextList({
  label,
  texts,
  onChange,
  suggested,
}: {
  label: string;
  texts: string[];
  onChange: (texts: string[]) => void;
  suggested?: Suggested;
}) {
  const t = useTexts().rules;
  const [found, suggest] = useSuggestions(suggested ?? { field: "" });
  return (
    <TagsInput
      size="xs"
      className={classes.list}
      aria-label={label}
      placeholder={texts.length === 0 ? t.addValue : undefined}
      value={texts}
      data={[...found]}
      filter={({ options }) => options}
      onFocus={() => suggested && suggest("")}
      onSearchChange={(typed) => suggested && suggest(typed)}
      onChange={onChange}
    />
  );
}
