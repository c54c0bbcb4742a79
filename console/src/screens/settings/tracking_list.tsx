import { Button, Code, Modal, Stack, Table, Text, UnstyledButton } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { graphql } from "relay-runtime";

import { confirm } from "../../components/confirm";
import { Empty } from "../../components/empty";
import { Moment } from "../../components/moment";
import { notifyDone, notifyRefusal } from "../../components/notify";
import { PlainTable } from "../../components/plain_table";
import { Screen } from "../../components/screen";
import { StatusBadge } from "../../components/status_badge";
import { formatNumber } from "../../format/numbers";
import { useMutationCall } from "../../relay/commit";
import { useScreenQuery } from "../../relay/screen_query";
import { useTexts } from "../../texts/texts";
import type { trackingListQuery, trackingListQuery$data } from "../../__generated__/trackingListQuery.graphql";
import type { trackingListRevokeMutation } from "../../__generated__/trackingListRevokeMutation.graphql";
import { trackingRoute } from "./routes";
import { TrackingForm } from "./tracking_form";

const QUERY = graphql`
  query trackingListQuery {
    trackingKeys {
      id
      name
      key
      origins
      createdAt
      lastUsedAt
      revokedAt
      rejections(hours: 24) {
        code
        message
        event
        count
        lastAt
      }
    }
  }
`;

const REVOKE = graphql`
  mutation trackingListRevokeMutation($id: ID!) {
    trackingKeyRevoke(id: $id) {
      trackingKey {
        id
        revokedAt
      }
      userErrors {
        message
      }
    }
  }
`;

const EVERY_MS = 10_000;

type Key = trackingListQuery$data["trackingKeys"][number];

/** Keys by which pages and apps record activities, with what they could not record. */
export function TrackingList() {
  const t = useTexts();
  const { open } = trackingRoute.useSearch();
  const navigate = trackingRoute.useNavigate();
  const [{ trackingKeys }, reload] = useScreenQuery<trackingListQuery>(QUERY, {}, { everyMs: EVERY_MS });
  const close = () => void navigate({ search: {} });
  const shown = trackingKeys.find(({ id }) => id === open);
  const example = trackingKeys.find(({ revokedAt }) => !revokedAt)?.key;
  return (
    <Screen
      title={t.settings.tabs.tracking}
      lead={t.settings.tracking.lead}
      actions={
        <Button leftSection={<IconPlus size={16} />} onClick={() => void navigate({ search: { open: "new" } })}>
          {t.settings.tracking.add}
        </Button>
      }
    >
      {trackingKeys.length === 0 ? (
        <Empty title={t.settings.tracking.empty}>{t.settings.tracking.emptyLead}</Empty>
      ) : (
        <PlainTable
          label={t.settings.tabs.tracking}
          minWidth={860}
          columns={[
            t.settings.tracking.name,
            t.settings.tracking.key,
            t.settings.tracking.origins,
            t.settings.lastUsed,
            t.settings.tracking.rejected,
            t.common.actions,
          ]}
        >
          {trackingKeys.map((key) => (
            <Row key={key.id} row={key} />
          ))}
        </PlainTable>
      )}
      {example && <HowTo keyOf={example} />}
      <Modal opened={open === "new"} onClose={close} title={t.settings.tracking.addTitle} closeButtonProps={{ "aria-label": t.common.close }}>
        <TrackingForm
          onDone={() => {
            close();
            reload();
          }}
        />
      </Modal>
      <Modal
        opened={shown !== undefined}
        onClose={close}
        size="xl"
        title={shown && t.settings.tracking.rejectedTitle(shown.name)}
        closeButtonProps={{ "aria-label": t.common.close }}
      >
        {shown && <Rejections row={shown} />}
      </Modal>
    </Screen>
  );
}

function Row({ row }: { row: Key }) {
  const t = useTexts();
  const navigate = trackingRoute.useNavigate();
  const [revoke, busy] = useMutationCall<trackingListRevokeMutation>(REVOKE);
  const rejected = row.rejections.reduce((sum, { count }) => sum + count, 0);
  const ask = async () => {
    const isSure = await confirm({
      title: t.settings.tokens.revokeTitle(row.name),
      children: t.settings.tracking.revokeLead,
      action: t.settings.tokens.revoke,
    });
    if (!isSure) return;
    const answer = await revoke({ id: row.id });
    if (!answer || notifyRefusal(answer.trackingKeyRevoke.userErrors)) return;
    notifyDone(t.settings.tokens.revokeDone(row.name));
  };
  return (
    <Table.Tr data-id={row.id}>
      <Table.Td fw={500}>{row.name}</Table.Td>
      <Table.Td>
        <Code>{row.key}</Code>
      </Table.Td>
      <Table.Td>{row.origins.join(", ") || t.settings.tracking.anywhere}</Table.Td>
      <Table.Td>{row.lastUsedAt ? <Moment at={row.lastUsedAt} /> : t.settings.never}</Table.Td>
      <Table.Td>
        {rejected === 0 ? (
          formatNumber(0)
        ) : (
          <UnstyledButton c="red" td="underline" fz="sm" onClick={() => void navigate({ search: { open: row.id } })}>
            {t.settings.tracking.rejectedOf(rejected)}
          </UnstyledButton>
        )}
      </Table.Td>
      <Table.Td>
        {row.revokedAt ? (
          <StatusBadge color="gray">{t.settings.tokens.revoked}</StatusBadge>
        ) : (
          <Button
            size="compact-sm"
            variant="subtle"
            color="red"
            loading={busy}
            aria-label={t.settings.tokens.revokeOf(row.name)}
            onClick={() => void ask()}
          >
            {t.settings.tokens.revoke}
          </Button>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

function Rejections({ row }: { row: Key }) {
  const t = useTexts();
  return (
    <PlainTable
      label={t.settings.tracking.rejectedTitle(row.name)}
      columns={[t.settings.tracking.event, t.settings.tracking.reason, t.settings.tracking.times, t.settings.tracking.last]}
    >
      {row.rejections.map((rejection) => (
        <Table.Tr key={`${rejection.code} ${rejection.event}`}>
          <Table.Td>{rejection.event}</Table.Td>
          <Table.Td>{rejection.message}</Table.Td>
          <Table.Td className="numeric">{formatNumber(rejection.count)}</Table.Td>
          <Table.Td>
            <Moment at={rejection.lastAt} />
          </Table.Td>
        </Table.Tr>
      ))}
    </PlainTable>
  );
}

/** A snippet for a page, with a key of the workspace and the address of this server. */
function HowTo({ keyOf }: { keyOf: string }) {
  const t = useTexts();
  const server = new URL("v1", document.baseURI);
  const snippet = [
    'import { AnalyticsBrowser } from "@segment/analytics-next"',
    "const analytics = AnalyticsBrowser.load(",
    `  { writeKey: "${keyOf}", cdnSettings: { integrations: { "Segment.io": { apiKey: "${keyOf}" } } } },`,
    `  { integrations: { "Segment.io": { apiHost: "${server.host}${server.pathname}", protocol: "${server.protocol.replace(":", "")}" } } },`,
    ")",
    'analytics.track("Order Completed", { orderId: "1001", total: 49.9 })',
  ].join("\n");
  return (
    <Stack gap="xs">
      <Text component="h2" fz="lg" fw={650} m={0}>
        {t.settings.tracking.howTo}
      </Text>
      <Text size="sm" c="dimmed">
        {t.settings.tracking.howToLead}
      </Text>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must take the focus */}
      <Code block tabIndex={0} aria-label={t.settings.tracking.howTo}>
        {snippet}
      </Code>
    </Stack>
  );
}
