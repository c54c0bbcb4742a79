import { Alert, Button, Card, Group, List, SimpleGrid, Stack, Text } from "@mantine/core";
import { IconArrowBackUp } from "@tabler/icons-react";
import { graphql, useFragment } from "react-relay";

import { confirm } from "../../components/confirm";
import { Cut } from "../../components/cut";
import { ButtonTo } from "../../components/link";
import { notifyDone, notifyRefusal } from "../../components/notify";
import { useMutationCall } from "../../relay/commit";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { importResult_job$key } from "../../__generated__/importResult_job.graphql";
import type { importResultUndoMutation } from "../../__generated__/importResultUndoMutation.graphql";
import { ImportCounts } from "./import_counts";
import { IS_UNFINISHED } from "./job_words";
import { RejectedRows } from "./rejected_rows";

const UNDO = graphql`
  mutation importResultUndoMutation($id: ID!) {
    importUndo(id: $id) {
      job {
        id
        status
        done
        total
        undoneAt
        undone
        kept
      }
      userErrors {
        message
      }
    }
  }
`;

/** What an import did, row by row in numbers, and how it is taken back. */
export function ImportResult({ job, onChange }: { job: importResult_job$key; onChange: () => void }) {
  const t = useTexts();
  const mayImport = useMay("CONTACT_IMPORT");
  const row = useFragment(
    graphql`
      fragment importResult_job on ImportJob {
        id
        status
        dryRun
        created
        updated
        undoneAt
        undone
        kept
        filename
        encoding
        delimiter
        sheet
        notices
        skipped
        rejected
        partial
        rejectedRowsUrl @include(if: $mayImport)
        joined: segment @include(if: $maySegments) {
          id
          name
        }
        ...importCounts_job
      }
    `,
    job,
  );
  const isUnfinished = Boolean(IS_UNFINISHED[row.status]);
  const isUndone = Boolean(row.undoneAt);
  const facts: [string, string | null | undefined][] = [
    [t.transfers.file, row.filename],
    [t.transfers.sheet, row.sheet],
    [t.transfers.encoding, row.encoding],
    [t.transfers.delimiter, row.delimiter && (t.transfers.import.delimiters[row.delimiter] ?? row.delimiter)],
    [t.transfers.addedTo, row.joined?.name],
  ];
  return (
    <Stack gap="md">
      {isUndone && !isUnfinished && (
        <Alert color="gray" icon={<IconArrowBackUp size={18} />} title={t.transfers.undoneTitle} role="status">
          {t.transfers.undoneLead(row.undone ?? 0, row.kept ?? 0)}
        </Alert>
      )}
      {row.dryRun && !isUnfinished && <Alert>{t.transfers.wouldBe}</Alert>}
      <ImportCounts job={row} />
      {row.notices.length > 0 && (
        <Alert color="yellow" title={t.transfers.notices}>
          <List size="sm">
            {row.notices.map((notice) => (
              <List.Item key={notice}>{notice}</List.Item>
            ))}
          </List>
        </Alert>
      )}
      {mayImport && !isUnfinished && row.rejected + row.skipped + row.partial > 0 && (
        <RejectedRows id={row.id} url={row.rejectedRowsUrl} count={row.rejected + row.skipped + row.partial} />
      )}
      <Card withBorder>
        <SimpleGrid component="dl" cols={{ base: 2, sm: 5 }} m={0}>
          {facts.map(
            ([label, value]) =>
              value && (
                <div key={label}>
                  <Text component="dt" size="xs" c="dimmed">
                    {label}
                  </Text>
                  <Cut component="dd" size="sm" m={0}>
                    {value}
                  </Cut>
                </div>
              ),
          )}
        </SimpleGrid>
      </Card>
      {!isUnfinished && mayImport && (
        <Group>
          <ButtonTo to="/transfers/import" variant="light">
            {t.transfers.importAgain}
          </ButtonTo>
          {!row.dryRun && !isUndone && row.created + row.updated > 0 && (
            <UndoButton id={row.id} created={row.created} updated={row.updated} segment={row.joined?.name} onDone={onChange} />
          )}
        </Group>
      )}
    </Stack>
  );
}

function UndoButton({
  id,
  created,
  updated,
  segment,
  onDone,
}: {
  id: string;
  created: number;
  updated: number;
  segment: string | undefined;
  onDone: () => void;
}) {
  const t = useTexts();
  const [undo, busy] = useMutationCall<importResultUndoMutation>(UNDO);
  const ask = async () => {
    const isSure = await confirm({
      title: t.transfers.undoTitle,
      children: (
        <Stack gap="xs">
          <span>{t.transfers.undoLead(created, updated)}</span>
          {segment && <span>{t.transfers.undoSegment(segment)}</span>}
          <span>{t.transfers.undoKept}</span>
        </Stack>
      ),
      action: t.transfers.undoAction,
    });
    if (!isSure) return;
    const answer = await undo({ id });
    if (!answer || notifyRefusal(answer.importUndo.userErrors)) return;
    const job = answer.importUndo.job;
    if (job?.undoneAt && job.undone != null) notifyDone(t.transfers.undoneLead(job.undone, job.kept ?? 0));
    onDone();
  };
  return (
    <Button variant="default" leftSection={<IconArrowBackUp size={16} />} loading={busy} onClick={() => void ask()}>
      {t.transfers.undo}
    </Button>
  );
}
