import { Button, Group, Modal, Stack, Switch, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useState, type FormEvent } from "react";
import { graphql, useFragment } from "react-relay";

import { DataTable } from "../../components/data_table";
import { Empty } from "../../components/empty";
import { Screen } from "../../components/screen";
import { SearchInput } from "../../components/search_input";
import { errorOf, useMutationCall, type UserError } from "../../relay/commit";
import { useReturn } from "../../relay/live";
import { usePages } from "../../relay/pages";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { workflowListCreateMutation } from "../../__generated__/workflowListCreateMutation.graphql";
import type { workflowListQuery, workflowListQuery$data } from "../../__generated__/workflowListQuery.graphql";
import type { workflowList_workflow$key } from "../../__generated__/workflowList_workflow.graphql";
import { useKit } from "../../components/use_kit";
import { EMPTY_GRAPH } from "./graph";
import { workflowsRoute } from "./routes";
import { Cells, columnsOf, Create } from "./workflow_list_parts";

const QUERY = graphql`
  query workflowListQuery($search: String, $withFailed: Boolean!, $after: String) {
    workflows(search: $search, withFailed: $withFailed, first: 100, after: $after) {
      nodes {
        id
        ...workflowList_workflow
      }
      pageInfo {
        endCursor
        hasNextPage
      }
    }
  }
`;

type Row = workflowListQuery$data["workflows"]["nodes"][number];

export function WorkflowList() {
  const kit = useKit();
  const t = kit.t.workflows;
  const mayWrite = useMay("WORKFLOW_WRITE");
  const { search, failed = false } = workflowsRoute.useSearch();
  const navigate = workflowsRoute.useNavigate();
  const [creating, { open, close }] = useDisclosure();
  const pages = usePages<workflowListQuery, Row>(QUERY, { search, withFailed: failed }, ({ workflows }) => ({
    rows: workflows.nodes,
    ...workflows.pageInfo,
  }));
  useReturn(pages.again);
  const create = mayWrite && <Create kit={kit} onClick={open} />;
  return (
    <Screen title={t.title} lead={t.lead} actions={create}>
      <Group component="search">
        <SearchInput
          flex="1 1 240px"
          label={t.search}
          value={search}
          onSearch={(text) => void navigate({ search: { search: text, failed: failed || undefined }, replace: true })}
        />
        <Switch
          label={t.onlyFailed}
          checked={failed}
          onChange={(event) => void navigate({ search: { search, failed: event.currentTarget.checked || undefined }, replace: true })}
        />
      </Group>
      <DataTable
        label={t.title}
        columns={columnsOf(t)}
        pages={pages}
        renderCells={cells}
        empty={search || failed ? <Empty title={t.none} /> : <Empty title={t.empty} action={create}>{t.emptyLead}</Empty>}
      />
      <Modal opened={creating} onClose={close} title={t.createTitle}>
        <CreateForm />
      </Modal>
    </Screen>
  );
}

const cells = (row: Row) => <FilledCells workflow={row} />;

function FilledCells({ workflow }: { workflow: workflowList_workflow$key }) {
  const row = useFragment(
    graphql`
      fragment workflowList_workflow on Workflow {
        id
        name
        status
        updatedAt
        counts {
          inside
          entered
          goal
        }
      }
    `,
    workflow,
  );
  return <Cells kit={useKit()} row={row} />;
}

const CREATE = graphql`
  mutation workflowListCreateMutation($input: WorkflowCreateInput!) {
    workflowCreate(input: $input) {
      workflow {
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

function CreateForm() {
  const t = useTexts();
  const navigate = workflowsRoute.useNavigate();
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [errors, setErrors] = useState<readonly UserError[]>([]);
  const [create, busy] = useMutationCall<workflowListCreateMutation>(CREATE);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const answer = await create({ input: { name, description: description || null, graph: EMPTY_GRAPH as never } });
    if (!answer) return;
    setErrors(answer.workflowCreate.userErrors);
    const id = answer.workflowCreate.workflow?.id;
    if (id) void navigate({ to: "/workflows/$workflowId/edit", params: { workflowId: id } });
  };
  return (
    <Stack component="form" onSubmit={submit}>
      <TextInput
        label={t.workflows.nameLabel}
        required
        data-autofocus
        value={name}
        error={errorOf(errors, "name") ?? errors[0]?.message}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <TextInput label={t.workflows.description} value={description} onChange={(event) => setDescription(event.currentTarget.value)} />
      <Button type="submit" loading={busy}>
        {t.workflows.create}
      </Button>
    </Stack>
  );
}
