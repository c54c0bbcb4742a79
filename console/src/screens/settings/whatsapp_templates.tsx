import { Button, Group, Stack, Table, Text, Title } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { graphql, useFragment } from "react-relay";

import { Moment } from "../../components/moment";
import { notifyDone, notifyRefusal } from "../../components/notify";
import { PlainTable } from "../../components/plain_table";
import { StatusBadge } from "../../components/status_badge";
import { wordOf } from "../../format/words";
import { useMutationCall } from "../../relay/commit";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { whatsappTemplates_query$key } from "../../__generated__/whatsappTemplates_query.graphql";
import type { whatsappTemplatesSyncMutation } from "../../__generated__/whatsappTemplatesSyncMutation.graphql";

const SYNC = graphql`
  mutation whatsappTemplatesSyncMutation {
    messageTemplatesSync {
      messageTemplates {
        id
      }
      userErrors {
        message
      }
    }
  }
`;

const COLORS: Readonly<Record<string, string>> = { APPROVED: "teal", PENDING: "yellow", REJECTED: "red", PAUSED: "yellow" };

/** The templates of the connected account, and the button that fetches them anew. */
export function WhatsAppTemplates({
  query,
  syncedAt,
  onSynced,
}: {
  query: whatsappTemplates_query$key;
  syncedAt: string | null | undefined;
  onSynced: () => void;
}) {
  const t = useTexts();
  const maySend = useMay("BROADCAST_SEND");
  const { messageTemplates } = useFragment(
    graphql`
      fragment whatsappTemplates_query on Query {
        messageTemplates {
          id
          name
          language
          category
          status
          unsupported
        }
      }
    `,
    query,
  );
  const [sync, busy] = useMutationCall<whatsappTemplatesSyncMutation>(SYNC);
  const run = async () => {
    const answer = await sync({});
    if (!answer || notifyRefusal(answer.messageTemplatesSync.userErrors)) return;
    notifyDone(t.settings.whatsapp.synced(answer.messageTemplatesSync.messageTemplates.length));
    onSynced();
  };
  return (
    <Stack gap="xs">
      <Group justify="space-between" align="flex-end">
        <div>
          <Title order={2} size="h4">
            {t.settings.whatsapp.templates}
          </Title>
          <Text size="sm" c="dimmed">
            {t.settings.whatsapp.templatesLead} {syncedAt && <Moment at={syncedAt} />}
          </Text>
        </div>
        {maySend && (
          <Button variant="default" leftSection={<IconRefresh size={16} />} loading={busy} onClick={() => void run()}>
            {t.settings.whatsapp.sync}
          </Button>
        )}
      </Group>
      {messageTemplates.length === 0 ? (
        <Text size="sm" c="dimmed">
          {t.settings.whatsapp.noTemplates}
        </Text>
      ) : (
        <PlainTable
          label={t.settings.whatsapp.templates}
          columns={[t.settings.whatsapp.templateName, t.settings.whatsapp.language, t.settings.whatsapp.category, t.settings.whatsapp.status]}
        >
          {messageTemplates.map((template) => (
            <Table.Tr key={template.id}>
              <Table.Td>
                <Text size="sm" fw={500}>
                  {template.name}
                </Text>
                {template.unsupported && (
                  <Text size="xs" c="dimmed">
                    {t.settings.whatsapp.cannotSend(template.unsupported)}
                  </Text>
                )}
              </Table.Td>
              <Table.Td>{template.language}</Table.Td>
              <Table.Td>{wordOf(t.settings.whatsapp.categories, template.category)}</Table.Td>
              <Table.Td>
                <StatusBadge color={COLORS[template.status] ?? "gray"}>{wordOf(t.settings.whatsapp.templateStatuses, template.status)}</StatusBadge>
              </Table.Td>
            </Table.Tr>
          ))}
        </PlainTable>
      )}
    </Stack>
  );
}
