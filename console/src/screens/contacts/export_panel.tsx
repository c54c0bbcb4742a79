import { Alert, Button, Group, Modal, Progress, Radio, Stack, Text } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useState, type FormEvent } from "react";
import { useLazyLoadQuery, useRelayEnvironment } from "react-relay";
import { graphql } from "relay-runtime";

import { ScreenPart } from "../../components/screen_part";
import { formatNumber } from "../../format/numbers";
import { useMutationCall } from "../../relay/commit";
import { useLive } from "../../relay/live";
import { sameOrigin } from "../../relay/same_origin";
import { useTexts } from "../../texts/texts";
import type { exportPanelJobQuery } from "../../__generated__/exportPanelJobQuery.graphql";
import type { exportPanelLiveSubscription } from "../../__generated__/exportPanelLiveSubscription.graphql";
import type { ExportFormat, exportPanelStartMutation } from "../../__generated__/exportPanelStartMutation.graphql";
import { idsOf, type Target } from "./bulk_run";
import { exportFields, type ChosenColumn } from "./columns";
import { MOST_IDS, selectionOf } from "./selection_input";

const START = graphql`
  mutation exportPanelStartMutation($input: ExportStartInput!) {
    exportStart(input: $input) {
      job {
        id
      }
      userErrors {
        message
      }
    }
  }
`;

const FORMATS: readonly ExportFormat[] = ["CSV", "XLSX", "NDJSON"];

/** Asks in which form the contacts are to be exported, and starts it. */
export function ExportPanel({
  opened,
  target,
  columns,
  onClose,
  onStarted,
}: {
  opened: boolean;
  target: Target;
  columns: readonly ChosenColumn[];
  onClose: () => void;
  onStarted: (job: string) => void;
}) {
  const t = useTexts().contacts.export;
  const common = useTexts().common;
  const environment = useRelayEnvironment();
  const [format, setFormat] = useState<ExportFormat>("CSV");
  const [which, setWhich] = useState<"all" | "shown">("all");
  const [refusal, setRefusal] = useState<string | null>(null);
  const [start, busy] = useMutationCall<exportPanelStartMutation>(START);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const selection = selectionOf(target) ?? (await idsOf(environment, target, MOST_IDS).then((ids) => ids && { ids }));
    if (!selection) return setRefusal(t.tooMany(MOST_IDS));
    const answer = await start({
      input: {
        contacts: selection === "everybody" ? null : selection,
        fields: which === "shown" ? exportFields(columns) : null,
        format,
        bom: format === "CSV",
      },
    });
    if (!answer) return;
    const { job, userErrors } = answer.exportStart;
    setRefusal(userErrors[0]?.message ?? null);
    if (job) onStarted(job.id);
  };

  return (
    <Modal opened={opened} onClose={onClose} title={opened && t.title(target.count)} closeButtonProps={{ "aria-label": common.close }}>
      <form onSubmit={submit}>
        <Stack>
          {refusal && (
            <Alert color="red" role="alert">
              {refusal}
            </Alert>
          )}
          <Radio.Group label={t.format} value={format} onChange={(value) => setFormat(FORMATS.find((each) => each === value) ?? "CSV")}>
            <Stack gap={6} mt={6}>
              {FORMATS.map((each) => (
                <Radio key={each} value={each} label={t.formats[each]} />
              ))}
            </Stack>
          </Radio.Group>
          <Radio.Group label={t.fields} value={which} onChange={(value) => setWhich(value === "shown" ? "shown" : "all")}>
            <Stack gap={6} mt={6}>
              <Radio value="all" label={t.allFields} />
              <Radio value="shown" label={t.shownFields} />
            </Stack>
          </Radio.Group>
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {common.cancel}
            </Button>
            <Button type="submit" loading={busy}>
              {t.start}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

const JOB = graphql`
  query exportPanelJobQuery($id: ID!) {
    job(id: $id) {
      id
      status
      done
      total
      error
      ... on ExportJob {
        url
      }
    }
  }
`;

const LIVE = graphql`
  subscription exportPanelLiveSubscription($id: ID!) {
    jobProgress(id: $id) {
      id
      status
      done
      total
      error
      ... on ExportJob {
        url
      }
    }
  }
`;

/** How far an export is, and the file when it is ready. */
export function ExportFollowed({ id, onClose }: { id: string; onClose: () => void }) {
  return (
    <ScreenPart>
      <Followed key={id} id={id} onClose={onClose} />
    </ScreenPart>
  );
}

function Followed({ id, onClose }: { id: string; onClose: () => void }) {
  const t = useTexts().contacts.export;
  const common = useTexts().common;
  const { job } = useLazyLoadQuery<exportPanelJobQuery>(JOB, { id }, { fetchPolicy: "network-only" });
  const isOver = !job || job.status === "SUCCEEDED" || job.status === "FAILED" || job.status === "CANCELLED";
  useLive<exportPanelLiveSubscription>(LIVE, isOver ? null : { id });
  if (!job) return null;
  const { status, done, total, url } = job;
  const share = total ? (100 * done) / total : 0;
  return (
    <Alert
      color={status === "FAILED" ? "red" : status === "SUCCEEDED" ? "teal" : "brand"}
      withCloseButton
      closeButtonLabel={common.close}
      onClose={onClose}
      icon={<IconDownload size={18} />}
      title={<span role="status">{t.states[status]}</span>}
    >
      {!isOver && (
        <Stack gap={6}>
          <Progress.Root>
            <Progress.Section value={share} aria-label={t.progress} />
          </Progress.Root>
          <Text size="sm">
            {t.written(formatNumber(done), total ?? null)} {t.mayLeave}
          </Text>
        </Stack>
      )}
      {status === "SUCCEEDED" && url && (
        <Button component="a" href={sameOrigin(url)} download size="xs" variant="light" leftSection={<IconDownload size={14} />}>
          {t.download}
        </Button>
      )}
      {status === "SUCCEEDED" && !url && <Text size="sm">{t.gone}</Text>}
      {status === "FAILED" && <Text size="sm">{job.error}</Text>}
    </Alert>
  );
}
