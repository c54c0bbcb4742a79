import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";

import { useTexts } from "../../texts/texts";
import { Removable } from "./node_settings";

/** Names with values; a value that reads as a number, true or false is kept as such. */
export function PropertiesInput({ value, onChange }: { value: Record<string, unknown>; onChange: (value: Record<string, unknown>) => void }) {
  const t = useTexts().workflows.field;
  const entries = Object.entries(value);
  const set = (index: number, name: string, content: unknown) =>
    onChange(Object.fromEntries(entries.map((entry, at) => (at === index ? [name, content] : entry))));
  return (
    <Stack gap="xs">
      <Text size="sm" fw={600}>
        {t.properties}
      </Text>
      {entries.map(([name, content], index) => (
        <Removable key={index} label={t.removePart} onRemove={() => onChange(Object.fromEntries(entries.filter((_, at) => at !== index)))}>
          <Group grow gap="xs">
            <TextInput label={t.property} value={name} onChange={(event) => set(index, event.currentTarget.value, content)} />
            <TextInput label={t.value} value={shown(content)} onChange={(event) => set(index, name, read(event.currentTarget.value))} />
          </Group>
        </Removable>
      ))}
      <Button
        variant="light"
        size="compact-sm"
        w="fit-content"
        leftSection={<IconPlus size={14} />}
        disabled={"" in value}
        onClick={() => onChange({ ...value, "": "" })}
      >
        {t.addProperty}
      </Button>
    </Stack>
  );
}

function shown(content: unknown): string {
  return typeof content === "string" ? content : JSON.stringify(content);
}

function read(text: string): unknown {
  if (text === "true" || text === "false") return text === "true";
  return text.trim() !== "" && String(Number(text)) === text ? Number(text) : text;
}
