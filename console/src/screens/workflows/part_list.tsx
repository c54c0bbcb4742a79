import { ActionIcon, Button, Fieldset, Group, Stack } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import type { ReactNode } from "react";

import { useTexts } from "../../texts/texts";

type Props<Part> = {
  parts: readonly Part[];
  /** What a part is known by; its place when absent. */
  keyOf?: (part: Part) => string;
  onChange: (parts: Part[]) => void;
  /** What the button says that adds a part, and the part that it adds; null: none can be added now. */
  add: string;
  newPart: (() => Part) | null;
  /** What removes a part; else the usual words. */
  remove?: string;
  children: (part: Part, set: (part: Part) => void, index: number) => ReactNode;
};

/** Parts of a workflow, one below the other: each can be changed and taken out, and another one added. */
export function PartList<Part>({ parts, keyOf, onChange, add, newPart, remove, children }: Props<Part>) {
  const t = useTexts().workflows.field;
  return (
    <Stack gap="xs">
      {parts.map((part, index) => (
        <Fieldset key={keyOf ? keyOf(part) : index} p="xs">
          <Group align="flex-start" wrap="nowrap" gap="xs">
            <Stack gap="xs" flex={1} miw={0}>
              {children(part, (next) => onChange(parts.map((each, at) => (at === index ? next : each))), index)}
            </Stack>
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={remove ?? t.removePart}
              onClick={() => onChange(parts.filter((_, at) => at !== index))}
            >
              <IconX size={16} />
            </ActionIcon>
          </Group>
        </Fieldset>
      ))}
      <Button
        variant="light"
        size="compact-sm"
        w="fit-content"
        leftSection={<IconPlus size={14} />}
        disabled={newPart === null}
        onClick={() => newPart && onChange([...parts, newPart()])}
      >
        {add}
      </Button>
    </Stack>
  );
}
