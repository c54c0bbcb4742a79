import { ActionIcon, Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";

import type { UserError } from "../../relay/commit";
import { useTexts } from "../../texts/texts";
import { newLevel, type LevelDraft } from "./definition";
import { NumberBox } from "./number_box";

/** Names for ranges of values, each from its least value on. */
export function LevelFields({
  levels,
  onChange,
  errors,
}: {
  levels: readonly LevelDraft[];
  onChange: (levels: readonly LevelDraft[]) => void;
  errors: readonly UserError[];
}) {
  const t = useTexts().scores;
  const change = (at: number, level: LevelDraft) => onChange(levels.map((each, index) => (index === at ? level : each)));
  const ofLevel = (index: number, name: string) =>
    errors.find(({ field }) => field?.includes("levels") && field.includes(String(index)) && field.at(-1) === name)?.message;
  const all = errors.find(({ field }) => field?.at(-1) === "levels")?.message;
  return (
    <Stack gap="xs">
      {levels.map((level, index) => (
        <Group key={level.id} align="flex-end" gap="xs">
          <TextInput
            label={t.levelName}
            required
            w={200}
            maxLength={50}
            value={level.name}
            onChange={(event) => change(index, { ...level, name: event.currentTarget.value })}
            error={ofLevel(index, "name")}
          />
          <NumberBox
            label={t.levelFrom}
            aria-label={`${level.name || index + 1}: ${t.levelFrom}`}
            required
            w={110}
            value={level.from}
            onChange={(from) => change(index, { ...level, from })}
            error={ofLevel(index, "from")}
          />
          <ActionIcon
            variant="subtle"
            color="red"
            size="lg"
            aria-label={t.removeLevel(level.name || String(index + 1))}
            onClick={() => onChange(levels.filter((each) => each !== level))}
          >
            <IconTrash size={16} />
          </ActionIcon>
        </Group>
      ))}
      {all && (
        <Text size="sm" c="red" role="alert">
          {all}
        </Text>
      )}
      <Button variant="light" size="xs" w="fit-content" leftSection={<IconPlus size={14} />} onClick={() => onChange([...levels, newLevel()])}>
        {t.addLevel}
      </Button>
    </Stack>
  );
}
