import { Button, Modal, Table } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { graphql, useFragment } from "react-relay";

import { Cut } from "../../components/cut";
import { Empty } from "../../components/empty";
import { LinkTo } from "../../components/link";
import { PlainTable } from "../../components/plain_table";
import { Screen } from "../../components/screen";
import { StatusBadge } from "../../components/status_badge";
import { useKit } from "../../components/use_kit";
import { formatNumber } from "../../format/numbers";
import { wordOf } from "../../format/words";
import { MOST_FOLLOWED, useLive } from "../../relay/live";
import { usePoll, useScreenQuery } from "../../relay/screen_query";
import { useMay, useMayEach } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { audienceList_audience$key } from "../../__generated__/audienceList_audience.graphql";
import type { audienceListQuery } from "../../__generated__/audienceListQuery.graphql";
import type { audienceListSubscription } from "../../__generated__/audienceListSubscription.graphql";
import { AudienceForm } from "./audience_form";
import { AUDIENCE_COLORS } from "./audience_words";
import { DestinationTabs } from "./destination_tabs";
import { MetaConnection } from "./meta_connection";
import { audiencesRoute } from "./routes";

const QUERY = graphql`
  query audienceListQuery {
    metaConnection {
      id
      status
    }
    ...metaConnection_query
    audiences(first: 250) {
      nodes {
        id
        ...audienceList_audience
      }
    }
  }
`;

const LIVE = graphql`
  subscription audienceListSubscription($id: ID!) {
    audienceProgress(id: $id) {
      ...audienceList_audience
    }
  }
`;

/** No subscription tells of the ad account, nor of audiences that others add or delete. */
const WHILE_CHECKED_MS = 2_000;
const EVERY_MS = 30_000;

/** The ad account, and the segments that are kept as audiences in it. */
export function AudienceList() {
  const kit = useKit();
  const { t } = kit;
  const may = useMayEach();
  const words = t.destinations.meta;
  const search = audiencesRoute.useSearch();
  const navigate = audiencesRoute.useNavigate();
  const mayExport = useMay("CONTACT_EXPORT");
  const [data, reload] = useScreenQuery<audienceListQuery>(QUERY, {});
  usePoll<audienceListQuery>(QUERY, {}, data.metaConnection?.status === "CHECKING" ? WHILE_CHECKED_MS : EVERY_MS);
  const audiences = data.audiences.nodes;
  const mayAdd = mayExport && data.metaConnection != null;
  return (
    <Screen
      title={t.destinations.title}
      lead={words.lead}
      actions={
        mayAdd && (
          <Button leftSection={<IconPlus size={16} />} onClick={() => void navigate({ search: { open: "new" } })}>
            {words.add}
          </Button>
        )
      }
    >
      <DestinationTabs kit={kit} may={may} shown="audiences" />
      <MetaConnection query={data} audiences={audiences.length} onChange={reload} />
      {audiences.length === 0 ? (
        data.metaConnection != null && <Empty title={words.empty}>{words.emptyLead}</Empty>
      ) : (
        <PlainTable
          label={t.destinations.audiences}
          minWidth={760}
          columns={[words.name, words.segment, words.status, words.counts.members, words.counts.present, words.counts.pending, words.counts.refused]}
        >
          {audiences.map((audience, index) => (
            <AudienceRow key={audience.id} id={audience.id} audience={audience} isFollowed={index < MOST_FOLLOWED} />
          ))}
        </PlainTable>
      )}
      <Modal
        opened={mayAdd && search.open === "new"}
        onClose={() => void navigate({ search: {} })}
        size="lg"
        title={words.newTitle}
        closeButtonProps={{ "aria-label": t.common.close }}
      >
        <AudienceForm
          segment={search.segment ?? null}
          onDone={(audience) => void navigate({ to: "/destinations/audiences/$audience", params: { audience } })}
        />
      </Modal>
    </Screen>
  );
}

function AudienceRow({ id, audience: key, isFollowed }: { id: string; audience: audienceList_audience$key; isFollowed: boolean }) {
  const words = useTexts().destinations.meta;
  useLive<audienceListSubscription>(LIVE, isFollowed ? { id } : null);
  const { name, status, reason, segment, counts } = useFragment(
    graphql`
      fragment audienceList_audience on Audience {
        name
        status
        reason
        segment {
          id
          name
          deletedAt
        }
        counts {
          members
          present
          pending
          refused
        }
      }
    `,
    key,
  );
  return (
    <Table.Tr data-id={id}>
      <Table.Td maw={320}>
        <LinkTo to="/destinations/audiences/$audience" params={{ audience: id }} fw={500} size="sm">
          {name}
        </LinkTo>
        {reason && (
          <Cut size="xs" c="dimmed" lines={2}>
            {reason}
          </Cut>
        )}
      </Table.Td>
      <Table.Td>
        {segment.name}
        {segment.deletedAt && ` (${words.segmentGone})`}
      </Table.Td>
      <Table.Td>
        <StatusBadge color={AUDIENCE_COLORS[status] ?? "gray"}>{wordOf(words.audienceStatuses, status)}</StatusBadge>
      </Table.Td>
      <Table.Td>{formatNumber(counts.members)}</Table.Td>
      <Table.Td>{formatNumber(counts.present)}</Table.Td>
      <Table.Td>{formatNumber(counts.pending)}</Table.Td>
      <Table.Td>{formatNumber(counts.refused)}</Table.Td>
    </Table.Tr>
  );
}
