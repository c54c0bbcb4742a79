import { Group, Stack, Text, TextInput } from "@mantine/core";

import { useTexts } from "../../texts/texts";
import { PartList } from "./part_list";

/** Names with values; a value that reads as a number, true or false is kept as such. */
export function PropertiesInput({ value, onChange }: { value: Record<string, unknown>; onChange: (value: Record<string, unknown>) => void }) {
  const t = useTexts().workflows.field;
  const entries = Object.entries(value);
  return (
    <Stack gap="xs">
      <Text size="sm" fw={600}>
        {t.properties}
      </Text>
      <PartList<[string, unknown]>
        parts={entries}
        onChange={(next) => onChange(Object.fromEntries(next))}
        add={t.addProperty}
        newPart={"" in value ? null : () => ["", ""]}
      >
        {([name, content], setPart) => (
          <Group grow gap="xs">
            <TextInput label={t.property} value={name} onChange={(event) => setPart([event.currentTarget.value, content])} />
            <TextInput label={t.value} value={shown(content)} onChange={(event) => setPart([name, read(event.currentTarget.value)])} />
          </Group>
        )}
      </PartList>
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
