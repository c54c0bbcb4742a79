import { Alert, Button, Card, Group, LoadingOverlay, Stack, Text, Title } from "@mantine/core";
import { useEffect, useEffectEvent } from "react";
import { graphql } from "relay-runtime";

import { messageOf } from "../../components/notify";
import type { UserError } from "../../relay/commit";
import { useRead } from "../../relay/read";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { importColumnsQuery } from "../../__generated__/importColumnsQuery.graphql";
import { ImportCells } from "./import_cells";
import { choicesFor, choicesOfMapping, hasKey, optionsOf, twinOf, withColumns, type Reading } from "./import_choices";
import { ImportMappingTable } from "./import_mapping";
import { Problems } from "./import_problems";
import { ImportReading } from "./import_reading";
import { SavedMapping } from "./import_saved";
import type { Kept } from "./kept_choices";

const QUERY = graphql`
  query importColumnsQuery(
    $upload: ID!
    $hasHeader: Boolean!
    $delimiter: String
    $encoding: String
    $headerRow: Int
    $sheet: String
    $mayRead: Boolean!
  ) {
    importColumnSuggestions(
      uploadId: $upload
      hasHeader: $hasHeader
      delimiter: $delimiter
      encoding: $encoding
      headerRow: $headerRow
      sheet: $sheet
    ) {
      encoding
      delimiter
      headerRow
      sheets
      sheet
      columns {
        column
        field
        samples
        confidence
      }
      options {
        option
        value
        confidence
        reason
      }
      mapping {
        id
        name
        options
      }
    }
    contactFields @include(if: $mayRead) {
      key
      label
      type
    }
  }
`;

/** The second step: how the file is read, and into which field each column goes. */
export function ImportColumns({
  upload,
  kept,
  keep,
  errors,
  onBack,
  onNext,
}: {
  upload: string;
  kept: Kept;
  keep: (change: (before: Kept) => Kept) => void;
  errors: readonly UserError[];
  onBack: () => void;
  onNext: () => void;
}) {
  const t = useTexts();
  const mayRead = useMay("CONTACT_READ");
  const { reading, choices } = kept;
  const { data, error, isLoading, again } = useRead<importColumnsQuery>(QUERY, { upload, ...reading, mayRead });
  const found = data?.importColumnSuggestions;
  const take = useEffectEvent((suggested: NonNullable<typeof found>) => {
    keep((before) => ({
      ...before,
      headerRow: suggested.headerRow,
      choices: before.choices ? withColumns(before.choices, suggested.columns) : choicesFor(suggested.columns),
    }));
  });
  useEffect(() => {
    if (found) take(found);
  }, [found]);

  const setReading = (change: Partial<Reading>) => keep((before) => ({ ...before, reading: { ...before.reading, ...change } }));
  const isReady = choices !== null && hasKey(choices) && !choices.columns.some((_, index) => twinOf(choices, index)) && !error;
  return (
    <Stack>
      <Card withBorder>
        <Stack gap="sm">
          <div>
            <Title order={2} size="h4">
              {t.transfers.import.reading}
            </Title>
            <Text size="sm" c="dimmed" role="status">
              {isLoading ? t.transfers.import.rereading : t.transfers.import.readingLead}
            </Text>
          </div>
          {error && (
            <Alert color="red" role="alert" title={t.transfers.import.unreadable}>
              <Stack gap="xs" align="flex-start">
                <span>{messageOf(error)}</span>
                <Button size="compact-sm" variant="light" onClick={again}>
                  {t.common.tryAgain}
                </Button>
              </Stack>
            </Alert>
          )}
          <ImportReading reading={reading} found={found} onChange={setReading} />
        </Stack>
      </Card>
      {found && choices && (
        <>
          {found.mapping && (
            <SavedMapping
              mapping={found.mapping}
              onUse={(options) =>
                keep((before) => {
                  if (!before.choices) return before;
                  const saved = choicesOfMapping(before.choices, options);
                  return { ...before, choices: saved.choices, reading: { ...before.reading, ...saved.reading } };
                })
              }
            />
          )}
          <Problems errors={errors} options={optionsOf(choices, reading, kept.headerRow, true)} />
          <Card withBorder pos="relative">
            <LoadingOverlay visible={isLoading} overlayProps={{ blur: 1 }} />
            <ImportMappingTable
              choices={choices}
              suggestions={found.columns}
              customFields={data?.contactFields ?? []}
              onChange={(columns) => keep((before) => (before.choices ? { ...before, choices: { ...before.choices, columns } } : before))}
            />
          </Card>
          <ImportCells choices={choices} suggested={found.options} onChange={(next) => keep((before) => ({ ...before, choices: next }))} />
        </>
      )}
      <Group justify="space-between">
        <Button variant="default" onClick={onBack}>
          {t.transfers.import.otherFile}
        </Button>
        <Button onClick={onNext} disabled={!isReady || isLoading}>
          {t.common.next}
        </Button>
      </Group>
    </Stack>
  );
}
