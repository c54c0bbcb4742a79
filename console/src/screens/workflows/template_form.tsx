import { Group, Stack, Text, TextInput } from "@mantine/core";

import { Select } from "../../components/choices";
import { useTexts } from "../../texts/texts";
import { FieldSelect } from "./fields";
import { useOptions } from "./options";

export type Parameter = { name: string; field?: string | null; text?: string | null; fallback?: string | null };

/** Chooses a template and fills its placeholders, from a field of the contact or with the same text for all. */
export function TemplateForm({
  templateId,
  parameters,
  onChange,
}: {
  templateId: string;
  parameters: readonly Parameter[];
  onChange: (change: { templateId: string; parameters: Parameter[] }) => void;
}) {
  const t = useTexts().workflows.field;
  const { messageTemplates = [] } = useOptions();
  const sendable = (messageTemplates ?? []).filter((template) => !template.unsupported);
  const template = sendable.find((each) => each.id === templateId);
  const choose = (id: string | null) => {
    const chosen = sendable.find((each) => each.id === id);
    const named = new Map(parameters.map((each) => [each.name, each]));
    onChange({
      templateId: id ?? "",
      parameters: (chosen?.parameters ?? []).map((name) => named.get(name) ?? { name, field: "first_name", fallback: "" }),
    });
  };
  const set = (name: string, change: Partial<Parameter>) =>
    onChange({ templateId, parameters: parameters.map((each) => (each.name === name ? { ...each, ...change } : each)) });
  return (
    <Stack gap="xs">
      <Select
        label={t.template}
        searchable
        allowDeselect={false}
        data={sendable.map((each) => ({ value: each.id, label: `${each.name} (${each.language})` }))}
        value={templateId || null}
        onChange={choose}
      />
      {template && (
        <Text size="sm" c="dimmed" style={{ whiteSpace: "pre-line" }}>
          {template.body}
        </Text>
      )}
      {parameters.map((parameter) => {
        const isText = parameter.text !== null && parameter.text !== undefined;
        return (
          <Stack key={parameter.name} gap={4}>
            <Group grow gap="xs" align="flex-end">
              <Select
                label={t.parameter(parameter.name)}
                allowDeselect={false}
                data={[
                  { value: "field", label: t.parameterField },
                  { value: "text", label: t.parameterText },
                ]}
                value={isText ? "text" : "field"}
                onChange={(next) =>
                  set(parameter.name, next === "text" ? { text: "", field: null, fallback: null } : { text: null, field: "first_name", fallback: "" })
                }
              />
              {isText ? (
                <TextInput label={t.parameterText} value={parameter.text ?? ""} onChange={(event) => set(parameter.name, { text: event.currentTarget.value })} />
              ) : (
                <FieldSelect label={t.field} value={parameter.field} onChange={(field) => set(parameter.name, { field })} />
              )}
            </Group>
            {!isText && (
              <TextInput
                label={t.fallback}
                value={parameter.fallback ?? ""}
                onChange={(event) => set(parameter.name, { fallback: event.currentTarget.value || null })}
              />
            )}
          </Stack>
        );
      })}
    </Stack>
  );
}
