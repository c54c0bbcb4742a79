import { Anchor, Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useState } from "react";
import { graphql, useFragment } from "react-relay";

import { Select } from "../../components/choices";
import { confirm } from "../../components/confirm";
import { ContactSelect } from "../../components/contact_select";
import { DataTable } from "../../components/data_table";
import { Empty } from "../../components/empty";
import { Moment } from "../../components/moment";
import { notifyDone, notifyRefusal } from "../../components/notify";
import { StatusBadge } from "../../components/status_badge";
import { useMutationCall } from "../../relay/commit";
import { usePages } from "../../relay/pages";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { peopleAddMutation } from "../../__generated__/peopleAddMutation.graphql";
import type { EnrollmentState, peopleQuery, peopleQuery$data } from "../../__generated__/peopleQuery.graphql";
import type { people_enrollment$key } from "../../__generated__/people_enrollment.graphql";
import type { peopleRemoveMutation } from "../../__generated__/peopleRemoveMutation.graphql";
import { DataCell } from "../../components/table_frame";
import { EnrollmentWay } from "./enrollment_way";
import { ExplainCard } from "./explain_card";
import { kindOf, type Graph } from "./graph";
import { workflowRoute, type PageSearch } from "./routes";
import { ENROLLMENT_COLORS } from "./words";
import type { Workflow } from "./workflow_page";

const QUERY = graphql`
  query peopleQuery($id: ID!, $state: EnrollmentState, $nodeKey: String, $after: String) {
    workflow(id: $id) {
      enrollments(first: 100, after: $after, state: $state, nodeKey: $nodeKey) {
        nodes {
          id
          ...people_enrollment
        }
        pageInfo {
          endCursor
          hasNextPage
        }
      }
    }
  }
`;

const ADD = graphql`
  mutation peopleAddMutation($workflowId: ID!, $contacts: ContactSelection!) {
    workflowContactsAdd(workflowId: $workflowId, contacts: $contacts) {
      changed
      userErrors {
        message
      }
    }
  }
`;

const REMOVE = graphql`
  mutation peopleRemoveMutation($workflowId: ID!, $contacts: ContactSelection!) {
    workflowContactsRemove(workflowId: $workflowId, contacts: $contacts) {
      changed
      userErrors {
        message
      }
    }
  }
`;

type Row = NonNullable<peopleQuery$data["workflow"]>["enrollments"]["nodes"][number];
const STATES: readonly EnrollmentState[] = ["READY", "WAITING", "HELD", "FAILED", "ENDED"];

/** Who is inside and who was, by node and state; and why one contact is inside or not. */
export function PeopleTab({ workflow, graph }: { workflow: Workflow; graph: Graph }) {
  const t = useTexts().workflows;
  const { node, state } = workflowRoute.useSearch();
  const navigate = workflowRoute.useNavigate();
  const mayAdd = useMay("WORKFLOW_WRITE", "CONTACT_READ") && (workflow.status === "ACTIVE" || workflow.status === "PAUSED");
  const chosen = STATES.find((each) => each === state) ?? null;
  const pages = usePages<peopleQuery, Row>(QUERY, { id: workflow.id, state: chosen, nodeKey: node ?? null }, (answer) => ({
    rows: answer.workflow?.enrollments.nodes ?? [],
    endCursor: answer.workflow?.enrollments.pageInfo.endCursor,
    hasNextPage: answer.workflow?.enrollments.pageInfo.hasNextPage ?? false,
  }));
  const show = (change: { node?: string; state?: string }) =>
    void navigate({ search: (before: PageSearch) => ({ ...before, ...change }), replace: true });
  const names = new Map(graph.nodes.map((each) => [each.key, each.label || t.kind[kindOf(each)]]));
  return (
    <Stack>
      <ExplainCard workflowId={workflow.id} names={names} />
      <Group align="flex-end">
        <Select
          label={t.people.state}
          placeholder={t.people.all}
          clearable
          data={STATES.map((each) => ({ value: each, label: t.state[each] }))}
          value={chosen}
          onChange={(next) => show({ state: next ?? undefined })}
        />
        <Select
          label={t.people.node}
          placeholder={t.people.anyNode}
          clearable
          data={graph.nodes.map((each) => ({ value: each.key, label: each.label || `${t.kind[kindOf(each)]} (${each.key})` }))}
          value={node ?? null}
          onChange={(next) => show({ node: next ?? undefined })}
        />
        {mayAdd && <AddForm workflowId={workflow.id} onAdded={pages.again} />}
      </Group>
      <DataTable
        label={t.tabs.people}
        columns={[
          { key: "contact", label: t.people.contact },
          { key: "state", label: t.people.state, width: 110 },
          { key: "node", label: t.people.node, width: 200 },
          { key: "since", label: t.people.since, width: 140 },
          { key: "wakes", label: t.people.wakes, width: 140 },
          { key: "why", label: t.people.why },
        ]}
        pages={pages}
        renderCells={(row) => <Cells enrollment={row} names={names} workflowId={workflow.id} onChanged={pages.again} />}
        empty={<Empty title={t.people.empty}>{t.people.emptyLead}</Empty>}
        height={480}
      />
    </Stack>
  );
}

function Cells({
  enrollment,
  names,
  workflowId,
  onChanged,
}: {
  enrollment: people_enrollment$key;
  names: ReadonlyMap<string, string>;
  workflowId: string;
  onChanged: () => void;
}) {
  const t = useTexts().workflows;
  const [opened, { open, close }] = useDisclosure();
  const row = useFragment(
    graphql`
      fragment people_enrollment on Enrollment {
        id
        state
        nodeKey
        nodeSince
        wakesAt
        explanation
        end
        error
        contact {
          id
          name
          email
          phone
        }
      }
    `,
    enrollment,
  );
  const name = row.contact ? row.contact.name || row.contact.email || row.contact.phone || t.people.contact : t.people.deleted;
  return (
    <>
      <DataCell>
        <Anchor component="button" type="button" fw={500} onClick={open}>
          {name}
        </Anchor>
        {opened && (
          <Modal opened onClose={close} title={`${t.people.way}: ${name}`} size="lg">
            <Stack>
              <Text size="sm">{row.error ?? row.explanation}</Text>
              <EnrollmentWay enrollmentId={row.id} names={names} />
              {row.contact && row.state !== "ENDED" && (
                <RemoveButton workflowId={workflowId} contactId={row.contact.id} name={name} onRemoved={onChanged} />
              )}
            </Stack>
          </Modal>
        )}
      </DataCell>
      <DataCell>
        <StatusBadge color={ENROLLMENT_COLORS[row.state]}>{t.state[row.state]}</StatusBadge>
      </DataCell>
      <DataCell>{row.end ? t.end[row.end] : (names.get(row.nodeKey ?? "") ?? row.nodeKey)}</DataCell>
      <DataCell>
        <Moment at={row.nodeSince} />
      </DataCell>
      <DataCell>
        <Moment at={row.wakesAt} />
      </DataCell>
      <DataCell>{row.error ?? row.explanation}</DataCell>
    </>
  );
}

function RemoveButton({ workflowId, contactId, name, onRemoved }: { workflowId: string; contactId: string; name: string; onRemoved: () => void }) {
  const t = useTexts().workflows;
  const mayWrite = useMay("WORKFLOW_WRITE");
  const [remove, busy] = useMutationCall<peopleRemoveMutation>(REMOVE);
  if (!mayWrite) return null;
  const run = async () => {
    if (!(await confirm({ title: t.people.remove, children: t.people.removeConfirm(name), action: t.people.remove }))) return;
    const answer = await remove({ workflowId, contacts: { ids: [contactId] } });
    if (!answer || notifyRefusal(answer.workflowContactsRemove.userErrors)) return;
    notifyDone(t.people.removed);
    onRemoved();
  };
  return (
    <Button color="red" variant="light" loading={busy} onClick={() => void run()}>
      {t.people.remove}
    </Button>
  );
}

function AddForm({ workflowId, onAdded }: { workflowId: string; onAdded: () => void }) {
  const t = useTexts().workflows;
  const [add] = useMutationCall<peopleAddMutation>(ADD);
  const [turn, setTurn] = useState(0);
  const run = async (id: string) => {
    const answer = await add({ workflowId, contacts: { ids: [id] } });
    setTurn((before) => before + 1);
    if (!answer || notifyRefusal(answer.workflowContactsAdd.userErrors)) return;
    notifyDone(t.node.moved(answer.workflowContactsAdd.changed));
    onAdded();
  };
  return <ContactSelect key={turn} label={t.people.add} placeholder={t.people.choose} value={null} onChange={(contact) => contact && void run(contact.id)} />;
}
