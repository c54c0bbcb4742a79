import { Button, Drawer, Group, Stack, TextInput, Title, ActionIcon } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useState, type FormEvent } from "react";
import { graphql } from "relay-runtime";

import { Autocomplete } from "../../components/choices";
import { notifyDone } from "../../components/notify";
import { OtherErrors } from "../../components/other_errors";
import { useMutationCall, type UserError } from "../../relay/commit";
import { useRead } from "../../relay/read";
import { instantAt } from "../../rules/zoned";
import { useMay, useViewer } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { activityFormKindsQuery } from "../../__generated__/activityFormKindsQuery.graphql";
import type { activityFormMutation } from "../../__generated__/activityFormMutation.graphql";
import { propertiesOf, type PropertyRow } from "./property_rows";

const KINDS = graphql`
  query activityFormKindsQuery {
    activityKinds {
      kind
      properties {
        property
      }
    }
  }
`;

const RECORD = graphql`
  mutation activityFormMutation($input: [ActivityInput!]!) {
    activitiesRecord(input: $input) {
      recorded
      duplicates
      userErrors {
        code
        message
        field
      }
    }
  }
`;

/** A form for something that the contact did, such as a visit to the shop. */
export function ActivityForm({
  contactId,
  opened,
  onClose,
  onRecorded,
}: {
  contactId: string;
  opened: boolean;
  onClose: () => void;
  onRecorded: () => void;
}) {
  const t = useTexts();
  return (
    <Drawer
      opened={opened}
      onClose={onClose}
      position="right"
      title={t.contacts.page.activity.title}
      closeButtonProps={{ "aria-label": t.common.close }}
    >
      <Form contactId={contactId} onClose={onClose} onRecorded={onRecorded} />
    </Drawer>
  );
}

function Form({ contactId, onClose, onRecorded }: { contactId: string; onClose: () => void; onRecorded: () => void }) {
  const { common, contacts } = useTexts();
  const t = contacts.page.activity;
  const zone = useViewer().workspace.timezone;
  const maySuggest = useMay("SEGMENT_READ");
  const { data } = useRead<activityFormKindsQuery>(KINDS, maySuggest ? {} : null);
  const [kind, setKind] = useState("");
  const [at, setAt] = useState("");
  const [rows, setRows] = useState<PropertyRow[]>([]);
  const [errors, setErrors] = useState<readonly UserError[]>([]);
  const [record, busy] = useMutationCall<activityFormMutation>(RECORD);
  const known = data?.activityKinds.find((each) => each.kind === kind.trim())?.properties.map(({ property }) => property) ?? [];
  const errorAt = (name: string) => errors.find(({ field }) => field?.includes(name))?.message;

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const occurredAt = at ? instantAt(at, zone) || null : null;
    const properties = propertiesOf(rows);
    const answer = await record({ input: [{ contactId, kind: kind.trim(), occurredAt, properties }] });
    if (!answer) return;
    setErrors(answer.activitiesRecord.userErrors);
    if (answer.activitiesRecord.userErrors.length > 0) return;
    notifyDone(t.done);
    onRecorded();
    onClose();
  };

  const edit = (index: number, next: Partial<PropertyRow>) =>
    setRows((before) => before.map((row, place) => (place === index ? { ...row, ...next } : row)));

  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        <OtherErrors errors={errors} fields={["kind", "occurredAt"]} />
        <Autocomplete
          label={t.kind}
          description={t.kindHint}
          data={data?.activityKinds.map((each) => each.kind) ?? []}
          value={kind}
          onChange={setKind}
          error={errorAt("kind")}
          data-autofocus
        />
        <TextInput
          label={t.at}
          description={contacts.page.inZone(zone)}
          type="datetime-local"
          value={at}
          onChange={(event) => setAt(event.currentTarget.value)}
          error={errorAt("occurredAt")}
        />
        <Title order={3} size="h6">
          {t.properties}
        </Title>
        {rows.map((row, index) => (
          <Group key={row.key} gap="xs" wrap="nowrap" align="flex-end">
            <Autocomplete
              aria-label={t.property(index + 1)}
              placeholder={t.propertyName}
              data={known}
              value={row.name}
              onChange={(name) => edit(index, { name })}
              flex={1}
            />
            <TextInput
              aria-label={t.propertyValueOf(row.name || String(index + 1))}
              placeholder={t.propertyValue}
              value={row.value}
              onChange={(event) => edit(index, { value: event.currentTarget.value })}
              flex={1}
            />
            <ActionIcon
              variant="subtle"
              color="gray"
              size="lg"
              aria-label={t.removeProperty(row.name || String(index + 1))}
              onClick={() => setRows((before) => before.filter(({ key }) => key !== row.key))}
            >
              <IconTrash size={16} />
            </ActionIcon>
          </Group>
        ))}
        <Group>
          <Button
            variant="subtle"
            size="compact-sm"
            leftSection={<IconPlus size={14} />}
            onClick={() => setRows((before) => [...before, { key: crypto.randomUUID(), name: "", value: "" }])}
          >
            {t.addProperty}
          </Button>
        </Group>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {common.cancel}
          </Button>
          <Button type="submit" loading={busy} disabled={!kind.trim()}>
            {t.submit}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
