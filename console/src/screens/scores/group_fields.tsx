import { Button, Card, Group, Stack, TextInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";

import { errorOf, type UserError } from "../../relay/commit";
import { useTexts } from "../../texts/texts";
import type { catalogue_rules$key } from "../../__generated__/catalogue_rules.graphql";
import { newPart, type GroupDraft, type PartDraft } from "./definition";
import { LimitFields } from "./limit_fields";
import { PartFields } from "./part_fields";

/** Parts that are added up within limits of their own. `errors` are those below its own path. */
export function GroupFields({
  group,
  position,
  catalogue,
  errors,
  onChange,
  onRemove,
}: {
  group: GroupDraft;
  position: number;
  catalogue: catalogue_rules$key;
  errors: readonly UserError[];
  onChange: (group: GroupDraft) => void;
  onRemove: (() => void) | undefined;
}) {
  const t = useTexts().scores;
  const about = group.name || t.group(position);
  const change = (at: number, part: PartDraft) => onChange({ ...group, parts: group.parts.map((each, index) => (index === at ? part : each)) });
  const swap = (at: number) => {
    const parts = [...group.parts];
    parts.splice(at - 1, 0, ...parts.splice(at, 1));
    onChange({ ...group, parts });
  };
  return (
    <Card withBorder role="group" aria-label={about}>
      <Stack gap="sm">
        <Group align="flex-start" gap="xs">
          <TextInput
            label={t.groupName}
            required
            flex={1}
            miw={180}
            maxLength={100}
            value={group.name}
            onChange={(event) => onChange({ ...group, name: event.currentTarget.value })}
            error={errors.find(({ field }) => field?.at(-1) === "name" && !field.includes("parts"))?.message}
          />
          <LimitFields
            about={about}
            value={group}
            onChange={(limits) => onChange({ ...group, ...limits })}
            error={errorOf(errors, "minimum")}
          />
        </Group>
        {group.parts.map((part, index) => (
          <PartFields
            key={part.id}
            part={part}
            position={index + 1}
            catalogue={catalogue}
            errors={errors.filter(({ field }) => {
              const at = field?.indexOf("parts") ?? -1;
              return at >= 0 && field?.[at + 1] === String(index);
            })}
            onChange={(next) => change(index, next)}
            onRemove={group.parts.length > 1 ? () => onChange({ ...group, parts: group.parts.filter((each) => each !== part) }) : undefined}
            onUp={index > 0 ? () => swap(index) : undefined}
          />
        ))}
        <Group justify="space-between">
          <Button
            variant="light"
            size="xs"
            leftSection={<IconPlus size={14} />}
            onClick={() => onChange({ ...group, parts: [...group.parts, newPart()] })}
          >
            {t.addPart}
          </Button>
          {onRemove && (
            <Button variant="subtle" color="red" size="xs" leftSection={<IconTrash size={14} />} onClick={onRemove}>
              {t.removeGroup(about)}
            </Button>
          )}
        </Group>
      </Stack>
    </Card>
  );
}
