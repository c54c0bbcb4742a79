import { Fieldset, Group, Stack, Text, TextInput } from "@mantine/core";

import { Select } from "../../components/choices";
import { useTexts } from "../../texts/texts";
import type { UserError } from "../../relay/commit";
import { bindingOf, namesOf, sentBindings, withBinding, type DraftValues } from "./draft_values";
import type { Binding } from "./fill_template";
import type { Template } from "./message_fields";

const TEXT = "\u0000text";
const NONE = "\u0000none";

/** What fills each placeholder: a field of the contact with what to say when it is empty, or the same text for all. */
export function ParameterFields({
  template,
  customFields,
  values,
  onChange,
  errors,
}: {
  template: Template;
  customFields: readonly { readonly key: string; readonly label: string }[];
  values: DraftValues;
  onChange: (values: DraftValues) => void;
  errors: readonly UserError[];
}) {
  const t = useTexts().broadcasts;
  const names = namesOf(template);
  if (names.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {t.noParameters}
      </Text>
    );
  }
  const sent = sentBindings(values.bindings, template);
  const all = errors.find((error) => error.field?.at(-1) === "parameters")?.message;
  return (
    <Fieldset legend={t.parameters}>
      <Stack>
        {names.map((name) => {
          const index = sent.findIndex((binding) => binding.name === name);
          const own = errors.filter(({ field }) => index >= 0 && field?.includes("parameters") && field.includes(String(index)));
          return (
            <ParameterField
              key={name}
              name={name}
              label={labelOf(t, template, name)}
              isOptional={template.optionalParameters.includes(name)}
              customFields={customFields}
              binding={bindingOf(values.bindings, name)}
              onChange={(binding) => onChange({ ...values, bindings: withBinding(values.bindings, binding) })}
              error={own[0]?.message}
            />
          );
        })}
        {all && (
          <Text size="sm" c="red" role="alert">
            {all}
          </Text>
        )}
      </Stack>
    </Fieldset>
  );
}

type Texts = ReturnType<typeof useTexts>["broadcasts"];

function labelOf(t: Texts, template: Template, name: string): string {
  const button = /^button\.(\d+)(?:\.(code|payload))?$/.exec(name);
  if (button) {
    const words = template.buttons[Number(button[1])]?.text ?? button[1] ?? "";
    if (button[2] === "code") return t.buttonCode(words);
    return button[2] === "payload" ? t.buttonPayload(words) : t.buttonUrl(words);
  }
  if (name.startsWith("header.")) {
    const own = name.slice("header.".length);
    return t.headerMedia[own] ?? t.headerPlaceholder(own);
  }
  return t.placeholder(name);
}

function ParameterField({
  name,
  label,
  isOptional,
  customFields,
  binding,
  onChange,
  error,
}: {
  name: string;
  label: string;
  isOptional: boolean;
  customFields: readonly { readonly key: string; readonly label: string }[];
  binding: Binding | undefined;
  onChange: (binding: Binding) => void;
  error: string | undefined;
}) {
  const t = useTexts().broadcasts;
  const isField = binding?.field != null;
  const isNone = isOptional && !isField && binding?.text == null;
  const choose = (value: string | null) => {
    if (value === NONE) onChange({ name });
    else if (value === TEXT) onChange({ name, text: binding?.text ?? "" });
    else onChange({ name, field: value, fallback: binding?.fallback });
  };
  const isMedia = /^header\.(image|video|document)$/.test(name);
  return (
    <Group align="flex-start" grow gap="xs" preventGrowOverflow={false} wrap="wrap">
      <Select
        label={label}
        aria-label={t.fillWith(label)}
        searchable
        allowDeselect={false}
        required={!isOptional}
        miw={200}
        value={isField ? binding.field : isNone ? NONE : TEXT}
        onChange={choose}
        data={[
          { group: t.fixedText, items: [...(isOptional ? [{ value: NONE, label: t.nothing }] : []), { value: TEXT, label: t.fixedText }] },
          { group: t.contactFields, items: Object.entries(t.fields).map(([value, words]) => ({ value, label: words })) },
          ...(customFields.length
            ? [{ group: t.customFields, items: customFields.map(({ key, label }) => ({ value: `attributes.${key}`, label })) }]
            : []),
        ]}
      />
      {isField && (
        <TextInput
          label={t.fallback}
          aria-label={`${label}: ${t.fallback}`}
          description={binding.fallback?.trim() ? undefined : t.fallbackHint}
          inputWrapperOrder={["label", "input", "description", "error"]}
          miw={200}
          value={binding.fallback ?? ""}
          onChange={(event) => onChange({ name, field: binding.field, fallback: event.currentTarget.value })}
          error={error}
        />
      )}
      {!isField && !isNone && (
        <TextInput
          label={t.text}
          aria-label={`${label}: ${t.text}`}
          description={isMedia ? t.headerMediaHint : undefined}
          inputWrapperOrder={["label", "input", "description", "error"]}
          miw={200}
          value={binding?.text ?? ""}
          onChange={(event) => onChange({ name, text: event.currentTarget.value })}
          error={error}
        />
      )}
    </Group>
  );
}
