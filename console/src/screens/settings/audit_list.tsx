import { Button, Group, Modal, TextInput } from "@mantine/core";
import { graphql } from "relay-runtime";

import { Select } from "../../components/choices";
import { Cut } from "../../components/cut";
import { DataTable } from "../../components/data_table";
import { Empty } from "../../components/empty";
import { Moment } from "../../components/moment";
import { Screen } from "../../components/screen";
import { useMoments } from "../../format/use_moments";
import { usePages } from "../../relay/pages";
import { useRead } from "../../relay/read";
import { useReturn } from "../../relay/live";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { auditListActorsQuery } from "../../__generated__/auditListActorsQuery.graphql";
import type { auditListQuery } from "../../__generated__/auditListQuery.graphql";
import { DataCell } from "../../components/table_frame";
import { AuditEntry } from "./audit_entry";
import { actorOf, subjectOf, type Entry } from "./audit_names";
import { ACTIONS, actionOf, detailsOf } from "./audit_words";
import { auditRoute, type AuditSearch } from "./routes";
import { startOfDay } from "./zoned_day";

const QUERY = graphql`
  query auditListQuery($actor: ID, $action: String, $from: DateTime, $to: DateTime, $after: String) {
    auditLog(first: 100, actorId: $actor, action: $action, from: $from, to: $to, after: $after) {
      nodes {
        id
        at
        action
        actorKind
        actor {
          ... on Member {
            memberName: name
          }
          ... on ApiToken {
            tokenName: name
          }
        }
        subjectId
        subject {
          ... on Segment {
            segmentName: name
          }
          ... on Contact {
            contactName: name
          }
          ... on Member {
            memberName: name
          }
          ... on ApiToken {
            tokenName: name
          }
          ... on ContactField {
            label
          }
          ... on Broadcast {
            broadcastName: name
          }
          ... on Workflow {
            workflowName: name
          }
          ... on WebhookEndpoint {
            url
          }
          ... on Audience {
            audienceName: name
          }
          ... on ScoreModel {
            scoreName: name
          }
          ... on ImportJob {
            filename
          }
        }
        details
        requestId
        address
      }
      pageInfo {
        endCursor
        hasNextPage
      }
    }
  }
`;

const ACTORS = graphql`
  query auditListActorsQuery($mayMembers: Boolean!, $mayTokens: Boolean!) {
    members @include(if: $mayMembers) {
      id
      name
    }
    apiTokens @include(if: $mayTokens) {
      id
      name
    }
  }
`;

/** What was done in the workspace, to be looked through by who, what and when. */
export function AuditList() {
  const t = useTexts();
  const { zone } = useMoments();
  const asked = auditRoute.useSearch();
  const navigate = auditRoute.useNavigate();
  const mayMembers = useMay("MEMBER_MANAGE");
  const mayTokens = useMay("TOKEN_MANAGE");
  const { data: actors } = useRead<auditListActorsQuery>(ACTORS, { mayMembers, mayTokens });
  const set = (change: AuditSearch) => void navigate({ search: { ...asked, ...change }, replace: true });
  const pages = usePages<auditListQuery, Entry>(
    QUERY,
    {
      actor: asked.actor,
      action: asked.action,
      from: asked.from && startOfDay(asked.from, zone),
      to: asked.to && startOfDay(asked.to, zone, 1),
    },
    ({ auditLog }) => ({ rows: auditLog.nodes, ...auditLog.pageInfo }),
  );
  useReturn(pages.again);
  const shown = pages.rows.find(({ id }) => id === asked.entry);
  const people = [...(actors?.members ?? []), ...(actors?.apiTokens ?? [])];
  return (
    <Screen title={t.settings.tabs.audit} lead={t.settings.audit.lead}>
      <Group gap="sm" align="flex-end">
        <Select
          label={t.settings.audit.who}
          placeholder={t.settings.audit.anyone}
          data={people.map(({ id, name }) => ({ value: id, label: name }))}
          value={asked.actor ?? null}
          onChange={(actor) => set({ actor: actor ?? undefined })}
          searchable
          clearable
          clearButtonProps={{ "aria-label": `${t.common.clear}: ${t.settings.audit.who}` }}
          nothingFoundMessage={t.common.nothingFound}
          flex="1 1 140px"
          maw={180}
        />
        <Select
          label={t.settings.audit.what}
          placeholder={t.settings.audit.anything}
          data={ACTIONS.map((value) => ({ value, label: actionOf(t.settings.audit, value) }))}
          value={asked.action ?? null}
          onChange={(action) => set({ action: action ?? undefined })}
          searchable
          clearable
          clearButtonProps={{ "aria-label": `${t.common.clear}: ${t.settings.audit.what}` }}
          nothingFoundMessage={t.common.nothingFound}
          flex="1 1 160px"
          maw={240}
        />
        <TextInput label={t.settings.audit.from} type="date" value={asked.from ?? ""} onChange={(event) => set({ from: event.currentTarget.value || undefined })} w={140} />
        <TextInput label={t.settings.audit.to} type="date" value={asked.to ?? ""} onChange={(event) => set({ to: event.currentTarget.value || undefined })} w={140} />
      </Group>
      <DataTable
        label={t.settings.tabs.audit}
        columns={[
          { key: "when", label: t.settings.audit.when, width: 150 },
          { key: "who", label: t.settings.audit.who, width: 120 },
          { key: "what", label: t.settings.audit.what, width: 190 },
          { key: "on", label: t.settings.audit.on, width: 160 },
          { key: "details", label: t.settings.audit.details, width: 175 },
        ]}
        pages={pages}
        height="calc(100dvh - 320px)"
        renderCells={(entry) => (
          <>
            <DataCell>
              <Moment at={entry.at} />
            </DataCell>
            <DataCell>{actorOf(t, entry)}</DataCell>
            <DataCell>{actionOf(t.settings.audit, entry.action)}</DataCell>
            <DataCell>{subjectOf(t, entry)}</DataCell>
            <DataCell>
              <Button
                size="compact-xs"
                variant="subtle"
                onClick={() => set({ entry: entry.id })}
                aria-label={`${t.settings.audit.show}: ${actionOf(t.settings.audit, entry.action)}`}
                maw={180}
              >
                <Cut span size="xs">
                  {detailsOf(entry.details)
                    .map(([name, value]) => `${name}: ${value}`)
                    .join(" · ") || t.settings.audit.show}
                </Cut>
              </Button>
            </DataCell>
          </>
        )}
        empty={<Empty title={t.settings.audit.empty} />}
      />
      <Modal
        opened={shown !== undefined}
        onClose={() => set({ entry: undefined })}
        size="lg"
        title={shown && actionOf(t.settings.audit, shown.action)}
        closeButtonProps={{ "aria-label": t.common.close }}
      >
        {shown && <AuditEntry entry={shown} />}
      </Modal>
    </Screen>
  );
}
