import { Alert, Button, Card, Group, Pill, Radio, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { useRelayEnvironment } from "react-relay";
import { fetchQuery, graphql } from "relay-runtime";

import { ContactSelect } from "../../../components/contact_select";
import { notifyOfError, notifyRefusal, sentence } from "../../../components/notify";
import { PartHead } from "../../../components/part_head";
import { SegmentSelect } from "../../../components/segment_select";
import { errorOf, useMutationCall, type UserError } from "../../../relay/commit";
import { useRead } from "../../../relay/read";
import { useMay } from "../../../session/session";
import { useTexts } from "../../../texts/texts";
import type { testStartMembersQuery } from "../../../__generated__/testStartMembersQuery.graphql";
import type { testStartMutation } from "../../../__generated__/testStartMutation.graphql";
import type { testStartNamesQuery } from "../../../__generated__/testStartNamesQuery.graphql";
import { workflowRoute, type PageSearch } from "../routes";

const MOST = 100;

const START = graphql`
  mutation testStartMutation($id: ID!, $contactIds: [ID!]!, $phone: String) {
    workflowTestStart(id: $id, contactIds: $contactIds, phone: $phone) {
      workflow {
        ...testRun_workflow @relay(mask: false)
      }
      userErrors {
        code
        field
        message
      }
    }
  }
`;

const MEMBERS = graphql`
  query testStartMembersQuery($id: ID!) {
    segment(id: $id) {
      members(first: 100) {
        nodes {
          id
        }
      }
    }
  }
`;

const NAMES = graphql`
  query testStartNamesQuery($ids: [ID!]!) {
    nodes(ids: $ids) {
      ... on Contact {
        id
        name
        email
        phone
      }
    }
  }
`;

/** Chooses who takes part, which the address keeps, and where their messages go. */
export function TestStart({ workflowId }: { workflowId: string }) {
  const t = useTexts().workflows.testing;
  const { testers } = workflowRoute.useSearch();
  const navigate = workflowRoute.useNavigate();
  const mayContacts = useMay("CONTACT_READ");
  const chosen = testers ? testers.split(",") : [];
  const choose = (ids: readonly string[]) => {
    const next = [...new Set(ids)].slice(0, MOST).join(",") || undefined;
    void navigate({ search: (before: PageSearch) => ({ ...before, testers: next }), replace: true });
  };
  return (
    <Card withBorder>
      <Stack>
        <PartHead title={t.title} lead={t.lead} />
        {mayContacts ? (
          <>
            <Choice onAdd={(ids) => choose([...chosen, ...ids])} />
            <Chosen ids={chosen} onRemove={(id) => choose(chosen.filter((each) => each !== id))} onClear={() => choose([])} />
            <Messages workflowId={workflowId} chosen={chosen} />
          </>
        ) : (
          <Text size="sm">{t.needsContacts}</Text>
        )}
      </Stack>
    </Card>
  );
}

function Choice({ onAdd }: { onAdd: (ids: readonly string[]) => void }) {
  const t = useTexts().workflows;
  const environment = useRelayEnvironment();
  const maySegments = useMay("SEGMENT_READ");
  const [turn, setTurn] = useState(0);
  const add = (ids: readonly string[]) => {
    onAdd(ids);
    setTurn((before) => before + 1);
  };
  const addMembers = (id: string) =>
    fetchQuery<testStartMembersQuery>(environment, MEMBERS, { id }).subscribe({
      next: ({ segment }) => add((segment?.members.nodes ?? []).map((member) => member.id)),
      error: notifyOfError,
    });
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }}>
      <ContactSelect
        key={`contact ${turn}`}
        label={t.testing.addContact}
        placeholder={t.people.choose}
        value={null}
        onChange={(contact) => contact && add([contact.id])}
      />
      {maySegments && (
        <SegmentSelect
          key={`segment ${turn}`}
          label={t.testing.addSegment}
          placeholder={t.testing.chooseSegment}
          value={null}
          onChange={(segment) => segment && addMembers(segment.id)}
        />
      )}
    </SimpleGrid>
  );
}

function Chosen({ ids, onRemove, onClear }: { ids: readonly string[]; onRemove: (id: string) => void; onClear: () => void }) {
  const t = useTexts();
  const { data } = useRead<testStartNamesQuery>(NAMES, ids.length > 0 ? { ids: [...ids] } : null);
  const names = new Map((data?.nodes ?? []).map((node) => [node?.id, node?.name || node?.email || node?.phone]));
  return (
    <div>
      <Group gap="xs" mb="xs" role="status">
        <Text size="sm" fw={600}>
          {t.workflows.testing.chosen(ids.length, MOST)}
        </Text>
        {ids.length > 1 && (
          <Button size="compact-xs" variant="subtle" onClick={onClear}>
            {t.workflows.testing.clear}
          </Button>
        )}
      </Group>
      <Pill.Group>
        {ids.map((id) => {
          const name = names.get(id) ?? t.contacts.nameless;
          return (
            <Pill
              key={id}
              withRemoveButton
              removeButtonProps={{ "aria-label": t.workflows.testing.remove(name), tabIndex: 0, "aria-hidden": false }}
              onRemove={() => onRemove(id)}
            >
              {name}
            </Pill>
          );
        })}
      </Pill.Group>
    </div>
  );
}

function Messages({ workflowId, chosen }: { workflowId: string; chosen: readonly string[] }) {
  const t = useTexts().workflows.testing;
  const maySend = useMay("BROADCAST_SEND");
  const [isSending, setSending] = useState(false);
  const [phone, setPhone] = useState("");
  const [errors, setErrors] = useState<readonly UserError[]>([]);
  const [start, busy] = useMutationCall<testStartMutation>(START);
  const run = async () => {
    const answer = await start({ id: workflowId, contactIds: [...chosen], phone: isSending ? phone : null });
    if (!answer) return;
    const { userErrors } = answer.workflowTestStart;
    setErrors(userErrors);
    notifyRefusal(userErrors.filter((error) => error.field?.[0] !== "phone"));
  };
  const wrongPhone = errorOf(errors, "phone");
  return (
    <>
      {maySend && (
        <Radio.Group label={t.messages} value={isSending ? "phone" : "nowhere"} onChange={(next) => setSending(next === "phone")}>
          <Stack gap="xs" mt={4}>
            <Radio value="nowhere" label={t.nowhere} />
            <Radio value="phone" label={t.toPhone} />
          </Stack>
        </Radio.Group>
      )}
      {isSending && (
        <TextInput
          type="tel"
          maw={320}
          label={t.phone}
          placeholder="+34 600 000 000"
          value={phone}
          error={wrongPhone && sentence(wrongPhone)}
          onChange={(event) => setPhone(event.currentTarget.value)}
        />
      )}
      <Alert color="yellow" p="xs">
        {t.reallyChanges}
      </Alert>
      <Group>
        <Button variant="light" loading={busy} disabled={chosen.length === 0 || (isSending && !phone.trim())} onClick={() => void run()}>
          {t.start}
        </Button>
      </Group>
    </>
  );
}
