import { Button, Card, Checkbox, Group, Radio, SimpleGrid, Stack, Title } from "@mantine/core";
import { graphql } from "relay-runtime";

import { useRead } from "../../relay/read";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { exportColumnsQuery } from "../../__generated__/exportColumnsQuery.graphql";
import { BUILT_IN_FIELDS } from "./import_choices";

const QUERY = graphql`
  query exportColumnsQuery($mayContacts: Boolean!, $maySegments: Boolean!) {
    contactFields @include(if: $mayContacts) {
      key
      label
    }
    scoreModels(first: 250) @include(if: $maySegments) {
      nodes {
        key
        name
      }
    }
  }
`;

const STANDARD = [...BUILT_IN_FIELDS, "created_at", "updated_at"];

/** Which columns the file has: all of them (`fields` null), or those that are ticked, in the order that they are shown in. */
export function ExportColumns({ fields, onChange }: { fields: readonly string[] | null; onChange: (fields: readonly string[] | null) => void }) {
  const t = useTexts().transfers;
  const mayContacts = useMay("CONTACT_READ");
  const maySegments = useMay("SEGMENT_READ");
  const { data } = useRead<exportColumnsQuery>(QUERY, { mayContacts, maySegments });
  const groups = [
    { title: t.export.standard, columns: STANDARD.map((field) => ({ field, label: t.fields[field] ?? field })) },
    {
      title: t.export.custom,
      columns: (data?.contactFields ?? []).map(({ key, label }) => ({ field: `attributes.${key}`, label })),
    },
    { title: t.export.scores, columns: (data?.scoreModels?.nodes ?? []).map(({ key, name }) => ({ field: `scores.${key}`, label: name })) },
  ].filter(({ columns }) => columns.length > 0);
  const all = groups.flatMap(({ columns }) => columns.map(({ field }) => field));
  const toggle = (field: string) => {
    const chosen = new Set(fields ?? []);
    if (!chosen.delete(field)) chosen.add(field);
    onChange(all.filter((each) => chosen.has(each)));
  };
  return (
    <Card withBorder>
      <Stack>
        <Radio.Group
          label={t.export.columns}
          value={fields === null ? "all" : "some"}
          onChange={(value) => onChange(value === "all" ? null : all)}
        >
          <Stack gap="xs" mt="xs">
            <Radio value="all" label={t.export.allColumns} />
            <Radio value="some" label={t.export.someColumns} />
          </Stack>
        </Radio.Group>
        {fields !== null && (
          <>
            <Group gap="xs">
              <Button size="compact-sm" variant="default" onClick={() => onChange(all)}>
                {t.export.everything}
              </Button>
              <Button size="compact-sm" variant="default" onClick={() => onChange([])}>
                {t.export.nothing}
              </Button>
            </Group>
            {groups.map(({ title, columns }) => (
              <Stack key={title} gap="xs" role="group" aria-label={title}>
                <Title order={3} size="h6">
                  {title}
                </Title>
                <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} spacing="xs">
                  {columns.map(({ field, label }) => (
                    <Checkbox key={field} label={label} checked={fields.includes(field)} onChange={() => toggle(field)} />
                  ))}
                </SimpleGrid>
              </Stack>
            ))}
          </>
        )}
      </Stack>
    </Card>
  );
}
