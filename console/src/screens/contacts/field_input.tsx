import { TextInput } from "@mantine/core";
import { useMemo } from "react";

import { MultiSelect, Select } from "../../components/choices";
import { clockAt, instantAt } from "../../rules/zoned";
import { useViewer } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { Definition } from "./field_definitions";
import { TagsField } from "./tags_field";

/** What stands in an editor: a text, or for tags and several choices a list. */
export type InputValue = string | readonly string[];

export function inputValueOf({ editor }: Definition, value: unknown, zone: string): InputValue {
  if (editor === "tags" || editor === "choices") return Array.isArray(value) ? value.map(String) : [];
  if (value === null || value === undefined) return "";
  if (editor === "datetime") return clockAt(String(value), zone);
  return String(value);
}

export type Wrong = "number" | "integer" | "moment";

/** The value that the editor stands for; null for none. */
export function valueOfInput({ editor }: Definition, input: InputValue, zone: string): { value: unknown } | { wrong: Wrong } {
  if (typeof input !== "string") return { value: editor === "choices" && input.length === 0 ? null : input };
  const text = input.trim();
  if (editor === "integer") return /^-?\d+$/.test(text) ? { value: Number(text) } : text ? { wrong: "integer" } : { value: 0 };
  if (!text) return { value: null };
  if (editor === "number") {
    const number = Number(text.replace(",", "."));
    return Number.isFinite(number) ? { value: number } : { wrong: "number" };
  }
  if (editor === "boolean") return { value: text === "true" };
  if (editor === "datetime") {
    const instant = instantAt(text, zone);
    return instant ? { value: instant } : { wrong: "moment" };
  }
  return { value: text };
}

/** The editor of one value. */
export function FieldInput({
  definition,
  label,
  value,
  onChange,
  error,
}: {
  definition: Definition;
  label: string;
  value: InputValue;
  onChange: (value: InputValue) => void;
  error: string | null;
}) {
  const { common } = useTexts();
  const { editor, choices = [], longest } = definition;
  const zones = useMemo(() => (editor === "zone" ? Intl.supportedValuesOf("timeZone") : []), [editor]);
  const shared = { "aria-label": label, error, size: "sm" as const };
  if (editor === "tags") return <TagsField {...shared} value={[...value]} onChange={onChange} />;
  if (editor === "choices") {
    return <MultiSelect {...shared} data={choices} value={[...value]} onChange={onChange} searchable hidePickedOptions />;
  }
  const text = typeof value === "string" ? value : "";
  if (editor === "choice" || editor === "zone" || editor === "boolean") {
    const offered = editor === "zone" ? zones : choices;
    return (
      <Select
        {...shared}
        data={
          editor === "boolean"
            ? [
                { value: "true", label: common.yes },
                { value: "false", label: common.no },
              ]
            : text && !offered.includes(text)
              ? [text, ...offered]
              : offered
        }
        value={text || null}
        onChange={(next) => onChange(next ?? "")}
        searchable={editor !== "boolean"}
        clearable
        clearButtonProps={{ "aria-label": common.clear }}
        nothingFoundMessage={common.nothingFound}
        limit={100}
      />
    );
  }
  return <TypedInput {...shared} editor={editor} text={text} onChange={onChange} longest={longest} />;
}

const TYPES: Partial<Record<Definition["editor"], string>> = { email: "email", tel: "tel", date: "date", datetime: "datetime-local" };

function TypedInput({
  editor,
  text,
  onChange,
  longest,
  ...shared
}: {
  "aria-label": string;
  error: string | null;
  size: "sm";
  editor: Definition["editor"];
  text: string;
  onChange: (value: string) => void;
  longest?: number;
}) {
  const t = useTexts().contacts.page;
  const zone = useViewer().workspace.timezone;
  return (
    <TextInput
      {...shared}
      type={TYPES[editor] ?? "text"}
      inputMode={editor === "integer" ? "numeric" : editor === "number" ? "decimal" : undefined}
      description={editor === "datetime" ? t.inZone(zone) : undefined}
      maxLength={longest}
      autoComplete="off"
      value={text}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
