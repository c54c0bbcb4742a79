import { Button, Group, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { graphql } from "relay-runtime";

import { Select } from "../../components/choices";
import { notifyRefusal } from "../../components/notify";
import { ShownOnce } from "../../components/shown_once";
import { useMutationCall } from "../../relay/commit";
import { useTexts } from "../../texts/texts";
import type { endpointSecretMutation } from "../../__generated__/endpointSecretMutation.graphql";

const ROTATE = graphql`
  mutation endpointSecretMutation($id: ID!, $overlap: Duration!) {
    webhookSecretRotate(id: $id, overlap: $overlap) {
      secret
      userErrors {
        message
      }
    }
  }
`;

const OVERLAPS = ["PT24H", "P7D", "PT1H", "PT0S"] as const;

/** Replaces the secret of an endpoint; the new one is shown once. */
export function EndpointSecret({ id }: { id: string }) {
  const t = useTexts().destinations.endpoints;
  const [overlap, setOverlap] = useState<string>("PT24H");
  const [secret, setSecret] = useState<string | null>(null);
  const [rotate, busy] = useMutationCall<endpointSecretMutation>(ROTATE);
  const run = async () => {
    const answer = await rotate({ id, overlap });
    if (!answer || notifyRefusal(answer.webhookSecretRotate.userErrors)) return;
    setSecret(answer.webhookSecretRotate.secret ?? null);
  };
  if (secret) {
    return (
      <ShownOnce title={t.secretReady} label={t.secretLabel} value={secret}>
        {t.secretLead}
      </ShownOnce>
    );
  }
  return (
    <Stack>
      <Text size="sm">{t.rotateLead}</Text>
      <Select
        label={t.rotateOverlap}
        data={OVERLAPS.map((value) => ({ value, label: t.overlaps[value] ?? value }))}
        value={overlap}
        onChange={(value) => value && setOverlap(value)}
        allowDeselect={false}
      />
      <Group justify="flex-end">
        <Button loading={busy} onClick={() => void run()}>
          {t.rotateAction}
        </Button>
      </Group>
    </Stack>
  );
}
