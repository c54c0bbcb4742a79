import { Button, Checkbox, Popover, ScrollArea, Stack, Text } from "@mantine/core";
import { IconColumns3 } from "@tabler/icons-react";
import { useState } from "react";

import { DrawnAfter } from "../../components/drawn_after";
import { useTexts } from "../../texts/texts";
import { COLUMNS, columnsText, labelOf, nameOf, type ChosenColumn } from "./columns";
import { useLabels } from "./labels";

/** Which columns the list has: fields of Muster, custom fields and scores. New ones come last. */
export function ColumnsMenu({ columns, onChange }: { columns: readonly ChosenColumn[]; onChange: (columns: string | undefined) => void }) {
  const texts = useTexts();
  const t = texts.contacts.filters;
  const [opened, setOpened] = useState(false);
  const labels = useLabels(opened);
  const chosen = new Set(columns.map(nameOf));
  const offered: [string, ChosenColumn[]][] = [
    [t.fieldsGroup, COLUMNS.map((key) => ({ kind: "field", key }))],
    [t.customGroup, [...labels.attributes.keys()].map((key) => ({ kind: "attribute", key }))],
    [t.scoresGroup, [...labels.scores.keys()].map((key) => ({ kind: "score", key }))],
  ];
  const toggle = (column: ChosenColumn) => {
    const name = nameOf(column);
    onChange(columnsText(chosen.has(name) ? columns.filter((each) => nameOf(each) !== name) : [...columns, column]));
  };
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" trapFocus returnFocus width={260} shadow="md">
      <Popover.Target>
        <Button
          variant="default"
          px="sm"
          title={t.columns}
          aria-label={t.columns}
          aria-haspopup="dialog"
          aria-expanded={opened}
          onClick={() => setOpened(!opened)}
        >
          <IconColumns3 size={16} />
        </Button>
      </Popover.Target>
      <DrawnAfter>
        <Popover.Dropdown aria-label={t.columns} p="xs">
          <ScrollArea.Autosize mah={360} type="auto">
            <Stack gap={6} p={4}>
              {offered
                .filter(([, group]) => group.length > 0)
                .map(([title, group]) => (
                  <Stack key={title} gap={6} role="group" aria-label={title}>
                    <Text size="xs" fw={600} c="dimmed" mt={4}>
                      {title}
                    </Text>
                    {group.map((column) => (
                      <Checkbox
                        key={nameOf(column)}
                        size="sm"
                        label={labelOf(column, labels, texts)}
                        checked={chosen.has(nameOf(column))}
                        onChange={() => toggle(column)}
                      />
                    ))}
                  </Stack>
                ))}
            </Stack>
          </ScrollArea.Autosize>
        </Popover.Dropdown>
      </DrawnAfter>
    </Popover>
  );
}
