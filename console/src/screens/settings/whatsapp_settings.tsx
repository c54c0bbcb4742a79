import { Alert, Button, Card, Group, Modal, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { graphql, useFragment } from "react-relay";

import { confirm } from "../../components/confirm";
import { Moment } from "../../components/moment";
import { notifyDone, notifyRefusal } from "../../components/notify";
import { Screen } from "../../components/screen";
import { Copyable } from "../../components/shown_once";
import { StatusBadge } from "../../components/status_badge";
import { useKit } from "../../components/use_kit";
import { wordOf } from "../../format/words";
import { useMutationCall } from "../../relay/commit";
import { useLive } from "../../relay/live";
import { useScreenQuery } from "../../relay/screen_query";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { whatsappSettingsDisconnectMutation } from "../../__generated__/whatsappSettingsDisconnectMutation.graphql";
import type { whatsappSettings_channel$data, whatsappSettings_channel$key } from "../../__generated__/whatsappSettings_channel.graphql";
import type { whatsappSettingsQuery } from "../../__generated__/whatsappSettingsQuery.graphql";
import type { whatsappSettingsSubscription } from "../../__generated__/whatsappSettingsSubscription.graphql";
import { whatsappRoute } from "./routes";
import { WhatsAppFailures } from "./whatsapp_failures";
import { NoChannel } from "./whatsapp_first_view";
import { WhatsAppForm } from "./whatsapp_form";
import { WhatsAppTemplates } from "./whatsapp_templates";

const CHANNEL = graphql`
  fragment whatsappSettings_channel on WhatsAppChannel {
    id
    phoneNumberId
    businessAccountId
    status
    reason
    displayPhoneNumber
    verifiedName
    qualityRating
    messagesPerSecond
    dailyLimit
    reachedToday
    stopWords
    webhookPath
    checkedAt
    templatesSyncedAt
  }
`;

const QUERY = graphql`
  query whatsappSettingsQuery {
    whatsappChannel {
      ...whatsappSettings_channel
    }
    ...whatsappTemplates_query
  }
`;

const LIVE = graphql`
  subscription whatsappSettingsSubscription($id: ID!) {
    whatsappChannelProgress(id: $id) {
      templatesSyncedAt
      ...whatsappSettings_channel
    }
  }
`;

const DISCONNECT = graphql`
  mutation whatsappSettingsDisconnectMutation {
    whatsappChannelDisconnect {
      userErrors {
        message
      }
    }
  }
`;

/** No event tells how many people were written to. */
const EVERY_MS = 30_000;
const COLORS: Readonly<Record<string, string>> = { CHECKING: "gray", READY: "teal", REFUSED: "red" };

type Channel = whatsappSettings_channel$data;

/** The number that messages are sent from, its templates, and what came in and could not be processed. */
export function WhatsAppSettings() {
  const kit = useKit();
  const { t } = kit;
  const { open } = whatsappRoute.useSearch();
  const navigate = whatsappRoute.useNavigate();
  const mayManage = useMay("WEBHOOK_MANAGE");
  const [data, reload] = useScreenQuery<whatsappSettingsQuery>(QUERY, {}, { everyMs: EVERY_MS });
  const channel = useFragment<whatsappSettings_channel$key>(CHANNEL, data.whatsappChannel);
  useLive<whatsappSettingsSubscription>(LIVE, channel ? { id: channel.id } : null, ({ whatsappChannelProgress: now }) => {
    if (now.templatesSyncedAt !== channel?.templatesSyncedAt) reload();
  });
  const close = () => void navigate({ search: {} });
  const connect = () => void navigate({ search: { open: "new" } });
  return (
    <Screen
      title={t.settings.tabs.whatsapp}
      lead={t.settings.whatsapp.lead}
      actions={
        mayManage &&
        channel && (
          <>
            <Button variant="default" onClick={connect}>
              {t.settings.whatsapp.reconnect}
            </Button>
            <DisconnectButton onDone={reload} />
          </>
        )
      }
    >
      {channel ? (
        <ChannelCard channel={channel} />
      ) : (
        <NoChannel kit={kit} mayManage={mayManage} onConnect={connect} />
      )}
      {channel && <WhatsAppTemplates query={data} syncedAt={channel.templatesSyncedAt} onSynced={reload} />}
      {mayManage && <WhatsAppFailures />}
      <Modal
        opened={mayManage && open === "new"}
        onClose={close}
        size="lg"
        title={channel ? t.settings.whatsapp.reconnect : t.settings.whatsapp.connect}
        closeButtonProps={{ "aria-label": t.common.close }}
      >
        <WhatsAppForm
          channel={channel ?? null}
          onDone={() => {
            notifyDone(t.settings.whatsapp.connected);
            close();
            reload();
          }}
        />
      </Modal>
    </Screen>
  );
}

function ChannelCard({ channel }: { channel: Channel }) {
  const t = useTexts();
  const facts: [string, ReactNode][] = [
    [t.settings.whatsapp.number, channel.displayPhoneNumber ?? "–"],
    [t.settings.whatsapp.verifiedName, channel.verifiedName ?? "–"],
    [t.settings.whatsapp.quality, channel.qualityRating ? wordOf(t.settings.whatsapp.qualities, channel.qualityRating) : "–"],
    [t.settings.whatsapp.reached, t.settings.whatsapp.reachedOf(channel.reachedToday, channel.dailyLimit ?? null)],
    [t.settings.whatsapp.speed, channel.messagesPerSecond ? t.settings.whatsapp.perSecond(channel.messagesPerSecond) : "–"],
    [t.settings.whatsapp.checked, <Moment key="checked" at={channel.checkedAt} />],
    [t.settings.whatsapp.stopWords, channel.stopWords.join(", ") || t.common.none],
  ];
  return (
    <Card withBorder>
      <Stack>
        <Group role="status" gap="xs">
          <Title order={2} size="h4">
            {channel.displayPhoneNumber ?? channel.phoneNumberId}
          </Title>
          <StatusBadge color={COLORS[channel.status] ?? "gray"}>{wordOf(t.settings.whatsapp.statuses, channel.status)}</StatusBadge>
        </Group>
        {channel.reason && (
          <Alert color="red" role="alert" title={t.settings.whatsapp.statuses.REFUSED}>
            {channel.reason} {t.settings.whatsapp.refusedLead}
          </Alert>
        )}
        <SimpleGrid component="dl" cols={{ base: 1, xs: 2, md: 4 }} m={0}>
          {facts.map(([label, value]) => (
            <div key={label}>
              <Text component="dt" size="xs" c="dimmed">
                {label}
              </Text>
              <Text component="dd" size="sm" m={0}>
                {value}
              </Text>
            </div>
          ))}
        </SimpleGrid>
        <Copyable label={t.settings.whatsapp.webhook} value={new URL(channel.webhookPath.replace(/^\//, ""), document.baseURI).href} />
        <Text size="xs" c="dimmed">
          {t.settings.whatsapp.webhookHint}
        </Text>
      </Stack>
    </Card>
  );
}

function DisconnectButton({ onDone }: { onDone: () => void }) {
  const t = useTexts();
  const [disconnect, busy] = useMutationCall<whatsappSettingsDisconnectMutation>(DISCONNECT);
  const ask = async () => {
    const isSure = await confirm({
      title: t.settings.whatsapp.disconnectTitle,
      children: t.settings.whatsapp.disconnectLead,
      action: t.settings.whatsapp.disconnect,
    });
    if (!isSure) return;
    const answer = await disconnect({});
    if (!answer || notifyRefusal(answer.whatsappChannelDisconnect.userErrors)) return;
    notifyDone(t.settings.whatsapp.disconnected);
    onDone();
  };
  return (
    <Button variant="default" color="red" loading={busy} onClick={() => void ask()}>
      {t.settings.whatsapp.disconnect}
    </Button>
  );
}
