import { Alert, Button, Card, Collapse, Group, Progress, Stack, Text } from "@mantine/core";
import { Dropzone } from "@mantine/dropzone";
import { useDisclosure } from "@mantine/hooks";
import { IconClipboardText, IconFileSpreadsheet } from "@tabler/icons-react";
import { useState } from "react";

import { GrowingTextarea } from "../../components/growing_textarea";
import { sentence } from "../../components/notify";
import { formatBytes } from "../../format/numbers";
import { useTexts } from "../../texts/texts";
import { useUpload } from "./upload";

/** The first step: a file is dropped or chosen, or rows are pasted; then it is sent. */
export function ImportFile({ onUploaded }: { onUploaded: (upload: string) => void }) {
  const t = useTexts();
  const { sending, error, send, stop } = useUpload();
  const [isPasting, { toggle }] = useDisclosure(false);
  const [pasted, setPasted] = useState("");
  const [refusal, setRefusal] = useState<string | null>(null);
  const start = async (file: File) => {
    setRefusal(null);
    const upload = await send(file);
    if (upload) onUploaded(upload);
  };
  const problem = error ?? refusal;
  return (
    <Stack>
      {problem && (
        <Alert color="red" role="alert" title={t.errors.title}>
          {sentence(problem)}
        </Alert>
      )}
      {sending ? (
        <Card withBorder role="status">
          <Stack gap="xs">
            <Group justify="space-between">
              <Text fw={600}>{t.transfers.import.uploading(sending.name)}</Text>
              <Button size="compact-sm" variant="default" onClick={stop}>
                {t.transfers.import.stop}
              </Button>
            </Group>
            <Progress value={sending.total ? (100 * sending.sent) / sending.total : 100} aria-label={t.transfers.import.uploading(sending.name)} />
            <Text size="sm" c="dimmed">
              {t.transfers.import.sent(formatBytes(sending.sent), formatBytes(sending.total))}
            </Text>
          </Stack>
        </Card>
      ) : (
        <Dropzone
          onDrop={(files) => {
            const file = files[0];
            if (file) void start(file);
          }}
          onReject={() => setRefusal(t.transfers.import.tooMany)}
          multiple={false}
          maxFiles={1}
          p="xl"
          radius="md"
          aria-label={t.transfers.import.drop}
          inputProps={{ "aria-label": t.transfers.import.choose }}
        >
          <Stack align="center" gap={6} py="lg">
            <IconFileSpreadsheet size={40} stroke={1.5} aria-hidden />
            <Text fw={600}>{t.transfers.import.drop}</Text>
            <Text size="sm" c="dimmed" ta="center">
              {t.transfers.import.dropLead}
            </Text>
          </Stack>
        </Dropzone>
      )}
      <Group>
        <Button variant="subtle" leftSection={<IconClipboardText size={16} />} onClick={toggle} aria-expanded={isPasting} disabled={sending !== null}>
          {t.transfers.import.paste}
        </Button>
      </Group>
      <Collapse expanded={isPasting}>
        <Stack align="flex-start">
          <GrowingTextarea
            w="100%"
            label={t.transfers.import.pasteLabel}
            minRows={6}
            maxRows={16}
            value={pasted}
            onChange={(event) => setPasted(event.currentTarget.value)}
            styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
          />
          <Button
            disabled={!pasted.trim()}
            onClick={() => void start(new File([pasted], t.transfers.import.pastedName, { type: "text/csv" }))}
          >
            {t.transfers.import.pasteAction}
          </Button>
        </Stack>
      </Collapse>
    </Stack>
  );
}
