import { Alert, Button, Card, Group, Modal, Stack, Text, Title } from "@mantine/core";
import { graphql, useFragment } from "react-relay";

import { confirm } from "../../components/confirm";
import { Moment } from "../../components/moment";
import { notifyDone, notifyRefusal, sentence } from "../../components/notify";
import { StatusBadge } from "../../components/status_badge";
import { useKit } from "../../components/use_kit";
import { wordOf } from "../../format/words";
import { useMutationCall } from "../../relay/commit";
import { useMay } from "../../session/session";
import type { metaConnection_query$key } from "../../__generated__/metaConnection_query.graphql";
import type { metaConnectionDisconnectMutation } from "../../__generated__/metaConnectionDisconnectMutation.graphql";
import { CONNECTION_COLORS } from "./audience_words";
import { NoConnection } from "./destination_parts";
import { MetaConnectForm } from "./meta_connect_form";
import { audiencesRoute } from "./routes";

const DISCONNECT = graphql`
  mutation metaConnectionDisconnectMutation {
    metaDisconnect {
      userErrors {
        message
      }
    }
  }
`;

/** The connected ad account, with what is wrong with it in words, and how to mend that. */
export function MetaConnection({ query, audiences, onChange }: { query: metaConnection_query$key; audiences: number; onChange: () => void }) {
  const kit = useKit();
  const { t } = kit;
  const words = t.destinations.meta;
  const { open } = audiencesRoute.useSearch();
  const navigate = audiencesRoute.useNavigate();
  const mayManage = useMay("WEBHOOK_MANAGE");
  const { metaConnection } = useFragment(
    graphql`
      fragment metaConnection_query on Query {
        metaConnection {
          id
          adAccountId
          name
          status
          reason
          checkedAt
        }
      }
    `,
    query,
  );
  const [disconnect, busy] = useMutationCall<metaConnectionDisconnectMutation>(DISCONNECT);
  const ask = async () => {
    const isSure = await confirm({ title: words.disconnectTitle, children: words.disconnectLead(audiences), action: words.disconnect });
    if (!isSure) return;
    const answer = await disconnect({});
    if (!answer || notifyRefusal(answer.metaDisconnect.userErrors)) return;
    notifyDone(words.disconnected);
    onChange();
  };
  const close = () => void navigate({ search: {} });
  const connect = () => void navigate({ search: { open: "connect" } });
  return (
    <>
      {metaConnection ? (
        <Card withBorder padding="sm">
          <Stack gap="xs">
            <Group justify="space-between">
              <Group gap="sm" role="status">
                <Title order={2} size="h5">
                  {words.connection}
                </Title>
                <Text size="sm">{metaConnection.name ?? metaConnection.adAccountId}</Text>
                <StatusBadge color={CONNECTION_COLORS[metaConnection.status] ?? "gray"}>{wordOf(words.statuses, metaConnection.status)}</StatusBadge>
                {metaConnection.checkedAt && (
                  <Text size="xs" c="dimmed">
                    {words.checked}: <Moment at={metaConnection.checkedAt} />
                  </Text>
                )}
              </Group>
              {mayManage && (
                <Group gap="xs">
                  <Button variant="default" size="xs" onClick={connect}>
                    {words.reconnect}
                  </Button>
                  <Button variant="default" size="xs" color="red" loading={busy} onClick={() => void ask()}>
                    {words.disconnect}
                  </Button>
                </Group>
              )}
            </Group>
            {metaConnection.reason && (
              <Alert color="red" role="alert">
                {sentence(metaConnection.reason)} {words.refusedLead}
              </Alert>
            )}
          </Stack>
        </Card>
      ) : (
        <NoConnection kit={kit} mayManage={mayManage} onConnect={connect} />
      )}
      <Modal
        opened={mayManage && open === "connect"}
        onClose={close}
        title={metaConnection ? words.reconnect : words.connect}
        closeButtonProps={{ "aria-label": t.common.close }}
      >
        <MetaConnectForm
          adAccountId={metaConnection?.adAccountId ?? ""}
          onDone={() => {
            notifyDone(words.asked);
            close();
            onChange();
          }}
        />
      </Modal>
    </>
  );
}
