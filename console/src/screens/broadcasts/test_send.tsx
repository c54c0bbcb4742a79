import { Alert, Button, Card, Group, Stack, Text, Title } from "@mantine/core";
import { useState } from "react";
import { graphql } from "relay-runtime";

import { notifyDone } from "../../components/notify";
import { useMutationCall } from "../../relay/commit";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { testSendMutation } from "../../__generated__/testSendMutation.graphql";
import { ContactMultiSelect } from "./option_search";

const SEND = graphql`
  mutation testSendMutation($id: ID!, $contactIds: [ID!]!) {
    broadcastTest(id: $id, contactIds: $contactIds) {
      sent
      userErrors {
        message
      }
    }
  }
`;

const MOST = 20;

/** Sends the message to chosen contacts at once, as it is saved. */
export function TestSend({ id, isReady }: { id: string; isReady: boolean }) {
  const t = useTexts().broadcasts;
  const mayRead = useMay("CONTACT_READ");
  const [contacts, setContacts] = useState<string[]>([]);
  const [refusals, setRefusals] = useState<readonly string[]>([]);
  const [send, isSending] = useMutationCall<testSendMutation>(SEND);
  if (!mayRead) return null;
  const run = async () => {
    setRefusals([]);
    const answer = await send({ id, contactIds: contacts });
    if (!answer) return;
    const { sent, userErrors } = answer.broadcastTest;
    setRefusals(userErrors.map(({ message }) => message));
    if (userErrors.length === 0) notifyDone(t.testSent(sent));
  };
  return (
    <Card withBorder>
      <Stack gap="sm">
        <Title order={2} size="h4">
          {t.test}
        </Title>
        <Text size="sm" c="dimmed">
          {t.testLead}
        </Text>
        <Group align="flex-end" gap="xs">
          <ContactMultiSelect label={t.testContacts} flex={1} miw={220} maxValues={MOST} value={contacts} onChange={setContacts} />
          <Button variant="default" onClick={run} loading={isSending} disabled={!isReady || contacts.length === 0}>
            {t.testSend}
          </Button>
        </Group>
        {refusals.length > 0 && (
          <Alert color="red" role="alert">
            {refusals.map((refusal) => (
              <div key={refusal}>{refusal}</div>
            ))}
          </Alert>
        )}
      </Stack>
    </Card>
  );
}
