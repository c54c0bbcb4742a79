import { Button, Modal, Table, Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { graphql } from "relay-runtime";

import { Empty } from "../../components/empty";
import { LinkTo } from "../../components/link";
import { PlainTable } from "../../components/plain_table";
import { Screen } from "../../components/screen";
import { StatusBadge } from "../../components/status_badge";
import { formatNumber } from "../../format/numbers";
import { wordOf } from "../../format/words";
import { useScreenQuery } from "../../relay/screen_query";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { audienceListQuery } from "../../__generated__/audienceListQuery.graphql";
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
    }
  }
`;

const EVERY_MS = 2_000;

/** The ad account, and the segments that are kept as audiences in it. */
export function AudienceList() {
  const t = useTexts();
  const words = t.destinations.meta;
  const search = audiencesRoute.useSearch();
  const navigate = audiencesRoute.useNavigate();
  const mayExport = useMay("CONTACT_EXPORT");
  const [data, reload] = useScreenQuery<audienceListQuery>(QUERY, {}, { everyMs: EVERY_MS });
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
      <DestinationTabs shown="audiences" />
      <MetaConnection query={data} audiences={audiences.length} onChange={reload} />
      {audiences.length === 0 ? (
        data.metaConnection != null && <Empty title={words.empty}>{words.emptyLead}</Empty>
      ) : (
        <PlainTable
          label={t.destinations.audiences}
          minWidth={760}
          columns={[words.name, words.segment, words.status, words.counts.members, words.counts.present, words.counts.pending, words.counts.refused]}
        >
          {audiences.map((audience) => (
            <Table.Tr key={audience.id} data-id={audience.id}>
              <Table.Td maw={320}>
                <LinkTo to="/destinations/audiences/$audience" params={{ audience: audience.id }} fw={500} size="sm">
                  {audience.name}
                </LinkTo>
                {audience.reason && (
                  <Text size="xs" c="dimmed" lineClamp={2}>
                    {audience.reason}
                  </Text>
                )}
              </Table.Td>
              <Table.Td>
                {audience.segment.name}
                {audience.segment.deletedAt && ` (${words.segmentGone})`}
              </Table.Td>
              <Table.Td>
                <StatusBadge color={AUDIENCE_COLORS[audience.status] ?? "gray"}>{wordOf(words.audienceStatuses, audience.status)}</StatusBadge>
              </Table.Td>
              <Table.Td>{formatNumber(audience.counts.members)}</Table.Td>
              <Table.Td>{formatNumber(audience.counts.present)}</Table.Td>
              <Table.Td>{formatNumber(audience.counts.pending)}</Table.Td>
              <Table.Td>{formatNumber(audience.counts.refused)}</Table.Td>
            </Table.Tr>
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
