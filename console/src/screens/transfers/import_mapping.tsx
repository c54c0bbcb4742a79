import { Badge, Code, Group, Stack, Table, Text, Title } from "@mantine/core";

import { Select } from "../../components/choices";
import { useTexts } from "../../texts/texts";
import { BUILT_IN_FIELDS, hasKey, twinOf, type Choices, type ColumnChoice } from "./import_choices";

type Suggestion = { readonly column: string; readonly field: string | null | undefined; readonly samples: readonly string[]; readonly confidence: number };
type CustomField = { readonly key: string; readonly label: string; readonly type: string };

const SURE = 0.85;
const KEY_FIELDS = BUILT_IN_FIELDS.slice(0, 4);
const OTHER_FIELDS = BUILT_IN_FIELDS.slice(4);
const POLICIES = ["OVERWRITE", "FILL_EMPTY", "REPLACE"] as const;
const LIST_POLICIES = ["OVERWRITE", "FILL_EMPTY", "MERGE", "REPLACE"] as const;
const BAD_CELLS = ["REJECT_ROW", "LEAVE_OUT"] as const;

/** Each column of the file with samples, the field that it goes into, and what happens to values that are there already. */
export function ImportMappingTable({
  choices,
  suggestions,
  customFields,
  onChange,
}: {
  choices: Choices;
  suggestions: readonly Suggestion[];
  customFields: readonly CustomField[];
  onChange: (columns: readonly ColumnChoice[]) => void;
}) {
  const t = useTexts().transfers;
  const mapped = choices.columns.filter(({ field }) => field !== null).length;
  const named = (field: string) => ({ value: field, label: t.fields[field] ?? field });
  const fields = [
    { group: t.import.groupKeys, items: KEY_FIELDS.map(named) },
    { group: t.import.groupFields, items: OTHER_FIELDS.map(named) },
    { group: t.import.groupCustom, items: customFields.map(({ key, label }) => ({ value: `attributes.${key}`, label })) },
  ];
  const lists = new Set(["tags", ...customFields.filter(({ type }) => type === "MULTI_CHOICE").map(({ key }) => `attributes.${key}`)]);
  const set = (index: number, change: Partial<ColumnChoice>) =>
    onChange(choices.columns.map((choice, at) => (at === index ? { ...choice, ...change } : choice)));
  return (
    <Stack gap="sm">
      <div>
        <Title order={2} size="h4">
          {t.import.mapping}
        </Title>
        <Text size="sm" c="dimmed">
          {t.import.mappingLead(mapped, choices.columns.length)}
        </Text>
        {!hasKey(choices) && (
          <Text size="sm" c="red" role="alert">
            {t.import.keyMissing}
          </Text>
        )}
      </div>
      <Table.ScrollContainer minWidth={860}>
        <Table verticalSpacing="xs">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t.import.columnInFile}</Table.Th>
              <Table.Th>{t.import.samples}</Table.Th>
              <Table.Th w={240}>{t.import.goesInto}</Table.Th>
              <Table.Th w={210}>{t.import.ifPresent}</Table.Th>
              <Table.Th w={170}>{t.import.badCell}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {choices.columns.map((choice, index) => {
              const suggestion = suggestions[index];
              const twin = twinOf(choices, index);
              return (
                <Table.Tr key={choice.column} data-column={choice.column}>
                  <Table.Td valign="top">
                    <Text size="sm" fw={600}>
                      {choice.column}
                    </Text>
                    {choice.field !== null && suggestion?.field === choice.field && (
                      <Badge size="xs" variant="light" tt="none" color={suggestion.confidence >= SURE ? "teal" : "yellow"}>
                        {suggestion.confidence >= SURE ? t.import.sure : t.import.unsure}
                      </Badge>
                    )}
                  </Table.Td>
                  <Table.Td valign="top">
                    <Group gap={4}>
                      {(suggestion?.samples ?? []).slice(0, 3).map((sample) => (
                        <Code key={sample} maw={180} style={{ overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" }} data-whole="">
                          {sample}
                        </Code>
                      ))}
                      {suggestion?.samples.length === 0 && (
                        <Text size="xs" c="dimmed">
                          {t.import.empty}
                        </Text>
                      )}
                    </Group>
                  </Table.Td>
                  <Table.Td valign="top">
                    <Select
                      aria-label={t.import.fieldOf(choice.column)}
                      placeholder={t.import.leftOut}
                      data={fields}
                      value={choice.field}
                      onChange={(field) => set(index, { field, policy: "OVERWRITE" })}
                      searchable
                      clearable
                      allowDeselect={false}
                      size="sm"
                      clearButtonProps={{ "aria-label": `${t.import.leftOut}: ${choice.column}` }}
                      error={twin && t.import.twice(twin)}
                      maxDropdownHeight={320}
                    />
                  </Table.Td>
                  <Table.Td valign="top">
                    {choice.field && choice.field !== "id" && (
                      <Select
                        aria-label={t.import.ifPresentOf(choice.column)}
                        data={(lists.has(choice.field) ? LIST_POLICIES : POLICIES).map((value) => ({ value, label: t.import.policies[value] ?? value }))}
                        value={choice.policy}
                        onChange={(policy) => set(index, { policy: LIST_POLICIES.find((each) => each === policy) ?? "OVERWRITE" })}
                        allowDeselect={false}
                        size="sm"
                      />
                    )}
                  </Table.Td>
                  <Table.Td valign="top">
                    {choice.field && choice.field !== "id" && (
                      <Select
                        aria-label={t.import.badCellOf(choice.column)}
                        data={BAD_CELLS.map((value) => ({ value, label: t.import.badCells[value] ?? value }))}
                        value={choice.onBadCell}
                        onChange={(policy) => set(index, { onBadCell: BAD_CELLS.find((each) => each === policy) ?? "REJECT_ROW" })}
                        allowDeselect={false}
                        size="sm"
                      />
                    )}
                  </Table.Td>
                </Table.Tr>
              );
            })}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Stack>
  );
}
