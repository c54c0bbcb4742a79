import { Alert, Button, Card, Group, Radio, Stack, Switch, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { graphql } from "relay-runtime";

import { GrowingTextarea } from "../../components/growing_textarea";
import { sentence } from "../../components/notify";
import { Screen } from "../../components/screen";
import { SegmentSelect } from "../../components/segment_select";
import { errorOf, useMutationCall, type UserError } from "../../relay/commit";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { ContactSelection, ExportFormat, exportNewMutation } from "../../__generated__/exportNewMutation.graphql";
import { ExportColumns } from "./export_columns";
import { ExportCount } from "./export_count";
import { exportRoute, SOURCES, type ExportSearch } from "./routes";

const START = graphql`
  mutation exportNewMutation($input: ExportStartInput!) {
    exportStart(input: $input) {
      job {
        id
      }
      userErrors {
        code
        message
        field
      }
    }
  }
`;

const FORMATS: readonly ExportFormat[] = ["CSV", "XLSX", "NDJSON"];

/** Which contacts an address means; null while it does not say it wholly. */
export function selectionOf({ from = "all", segment, rule, search }: ExportSearch): ContactSelection | "all" | null {
  if (from === "segment") return segment ? { segmentId: segment } : null;
  if (from === "rule") return rule?.trim() ? { ruleQuery: rule } : null;
  if (from === "search") return search?.trim() ? { search } : null;
  return "all";
}

/** Which contacts, which columns, which format; then the job's page shows how far the file is. */
export function ExportNew() {
  const t = useTexts();
  const asked = exportRoute.useSearch();
  const navigate = exportRoute.useNavigate();
  const maySegments = useMay("SEGMENT_READ");
  const mayContacts = useMay("CONTACT_READ");
  const [fields, setFields] = useState<readonly string[] | null>(null);
  const [format, setFormat] = useState<ExportFormat>("CSV");
  const [bom, setBom] = useState(false);
  const [errors, setErrors] = useState<readonly UserError[]>([]);
  const [start, busy] = useMutationCall<exportNewMutation>(START);
  const from = asked.from ?? "all";
  const set = (change: ExportSearch) => void navigate({ search: { ...asked, ...change }, replace: true });
  const selection = selectionOf(asked);
  const sources = SOURCES.filter((source) => source === "all" || source === "search" || maySegments);

  const submit = async () => {
    if (selection === null) return;
    const answer = await start({
      input: { contacts: selection === "all" ? null : selection, fields, format, bom: format === "CSV" && bom },
    });
    if (!answer) return;
    setErrors(answer.exportStart.userErrors);
    const job = answer.exportStart.job;
    if (job) void navigate({ to: "/transfers/$job", params: { job: job.id } });
  };
  const others = errors.filter(({ field }) => !["segmentId", "ruleQuery", "search"].some((name) => field?.includes(name)));
  return (
    <Screen title={t.transfers.export.title} lead={t.transfers.export.lead}>
      {others.length > 0 && (
        <Alert color="red" role="alert" title={t.errors.title}>
          {others.map(({ message }) => sentence(message)).join(" ")}
        </Alert>
      )}
      <Card withBorder>
        <Stack>
          <Radio.Group
            label={t.transfers.export.which}
            value={from}
            onChange={(value) => set({ from: SOURCES.find((source) => source === value) })}
          >
            <Stack gap="xs" mt="xs">
              {sources.map((source) => (
                <Radio key={source} value={source} label={t.transfers.export[source]} />
              ))}
            </Stack>
          </Radio.Group>
          {from === "segment" && (
            <SegmentSelect
              label={t.transfers.export.segmentLabel}
              value={asked.segment ?? null}
              onChange={(segment) => set({ segment: segment?.id })}
              error={errorOf(errors, "segmentId")}
              maw={480}
            />
          )}
          {from === "rule" && (
            <GrowingTextarea
              label={t.transfers.export.ruleLabel}
              description={t.transfers.export.ruleHint}
              minRows={2}
              value={asked.rule ?? ""}
              onChange={(event) => set({ rule: event.currentTarget.value })}
              error={errorOf(errors, "ruleQuery")}
              styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
            />
          )}
          {from === "search" && (
            <TextInput
              label={t.transfers.export.searchLabel}
              value={asked.search ?? ""}
              onChange={(event) => set({ search: event.currentTarget.value })}
              error={errorOf(errors, "search")}
              maw={480}
            />
          )}
          {mayContacts && <ExportCount selection={selection} />}
        </Stack>
      </Card>
      <ExportColumns fields={fields} onChange={setFields} />
      <Card withBorder>
        <Stack>
          <Radio.Group
            label={t.transfers.export.format}
            value={format}
            onChange={(value) => setFormat(FORMATS.find((each) => each === value) ?? "CSV")}
          >
            <Stack gap="xs" mt="xs">
              {FORMATS.map((each) => (
                <Radio key={each} value={each} label={t.transfers.export.formats[each]} />
              ))}
            </Stack>
          </Radio.Group>
          {format === "CSV" && (
            <Switch
              label={t.transfers.export.bom}
              description={t.transfers.export.bomLead}
              checked={bom}
              onChange={(event) => setBom(event.currentTarget.checked)}
            />
          )}
        </Stack>
      </Card>
      <Group justify="flex-end">
        {fields?.length === 0 && (
          <Text size="sm" c="red" role="alert">
            {t.transfers.export.noColumns}
          </Text>
        )}
        <Button onClick={() => void submit()} loading={busy} disabled={selection === null || fields?.length === 0}>
          {t.transfers.export.start}
        </Button>
      </Group>
    </Screen>
  );
}
