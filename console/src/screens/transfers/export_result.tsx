import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { IconFileDownload } from "@tabler/icons-react";
import { graphql, useFragment } from "react-relay";

import { sameOrigin } from "../../relay/same_origin";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { exportResult_job$key } from "../../__generated__/exportResult_job.graphql";

/** The file of an export, when it is there. */
export function ExportResult({ job }: { job: exportResult_job$key }) {
  const t = useTexts();
  const mayExport = useMay("CONTACT_EXPORT");
  const { status, url } = useFragment(
    graphql`
      fragment exportResult_job on ExportJob {
        status
        url
      }
    `,
    job,
  );
  if (status !== "SUCCEEDED") return null;
  if (!mayExport) return <Alert color="gray">{t.transfers.exportHidden}</Alert>;
  if (!url) return <Alert color="gray">{t.transfers.exportGone}</Alert>;
  return (
    <Alert color="teal" title={t.transfers.exportReady} role="status">
      <Stack gap="sm">
        <Text size="sm">{t.transfers.exportReadyLead}</Text>
        <Group>
          <Button component="a" href={sameOrigin(url)} download leftSection={<IconFileDownload size={16} />}>
            {t.transfers.download}
          </Button>
        </Group>
      </Stack>
    </Alert>
  );
}
