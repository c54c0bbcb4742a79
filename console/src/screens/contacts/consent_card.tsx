import { Alert, Button, Card, Group, Modal, Stack, Text, Title } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { graphql, useFragment } from "react-relay";

import { GrowingTextarea } from "../../components/growing_textarea";
import { Moment } from "../../components/moment";
import { notifyDone } from "../../components/notify";
import { useMutationCall } from "../../relay/commit";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { consentCard_contact$key } from "../../__generated__/consentCard_contact.graphql";
import type { consentCardGrantMutation } from "../../__generated__/consentCardGrantMutation.graphql";
import type { consentCardSetMutation } from "../../__generated__/consentCardSetMutation.graphql";
import { ConsentBadge, type Consent } from "./consent_badge";
import { ConsentHistory } from "./consent_history";

const SET = graphql`
  mutation consentCardSetMutation($id: ID!, $consent: WhatsAppConsent!) {
    contactUpdate(id: $id, input: { whatsappConsent: $consent }) {
      notices
      contact {
        id
        ...consentCard_contact
      }
      userErrors {
        message
      }
    }
  }
`;

const GRANT = graphql`
  mutation consentCardGrantMutation($id: ID!, $evidence: String!) {
    contactConsentGrant(id: $id, evidence: $evidence) {
      contact {
        id
        ...consentCard_contact
      }
      userErrors {
        message
      }
    }
  }
`;

/** Whether the contact wants messages on WhatsApp, who said so and when, and how that changed. */
export function ConsentCard({ contact }: { contact: consentCard_contact$key }) {
  const texts = useTexts();
  const t = texts.contacts;
  const mayWrite = useMay("CONTACT_WRITE");
  const data = useFragment(
    graphql`
      fragment consentCard_contact on Contact {
        id
        whatsappConsent
        consentSource
        consentAt
        ...consentHistory_contact
      }
    `,
    contact,
  );
  const [isGranting, setGranting] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  const [set, busy] = useMutationCall<consentCardSetMutation>(SET);
  const consent = data.whatsappConsent;
  const isOwnWord = consent === "OPTED_OUT" && data.consentSource === "PERSON";

  const change = async (next: Consent) => {
    const answer = await set({ id: data.id, consent: next });
    if (!answer) return;
    const { userErrors, notices } = answer.contactUpdate;
    setRefusal(userErrors[0]?.message ?? notices[0] ?? null);
    if (!userErrors[0] && !notices[0]) notifyDone(t.consent.changed(t.consents[next]), () => void change(consent));
  };

  return (
    <Card withBorder padding="sm">
      <Stack gap="xs" px="xs">
        <Group justify="space-between">
          <Title order={2} size="h5">
            {t.consent.title}
          </Title>
          <ConsentBadge t={texts} consent={consent} />
        </Group>
        {data.consentSource && (
          <Text size="sm" c="dimmed">
            {t.consent.sources[data.consentSource]} · <Moment at={data.consentAt} inherit span />
          </Text>
        )}
        {refusal && (
          <Alert color="yellow" role="alert" p="xs">
            {refusal}
          </Alert>
        )}
        {mayWrite && isOwnWord && <Text size="sm">{t.consent.ownWord}</Text>}
        {mayWrite && (
          <Group gap={6}>
            {isOwnWord && (
              <Button size="compact-sm" variant="default" onClick={() => setGranting(true)}>
                {t.consent.grant}
              </Button>
            )}
            {!isOwnWord && consent !== "OPTED_IN" && (
              <Button size="compact-sm" variant="default" loading={busy} onClick={() => void change("OPTED_IN")}>
                {t.consent.optIn}
              </Button>
            )}
            {consent !== "OPTED_OUT" && (
              <Button size="compact-sm" variant="default" loading={busy} onClick={() => void change("OPTED_OUT")}>
                {t.consent.optOut}
              </Button>
            )}
          </Group>
        )}
        <ConsentHistory contact={data} />
      </Stack>
      {isGranting && <GrantForm contactId={data.id} onClose={() => setGranting(false)} />}
    </Card>
  );
}

function GrantForm({ contactId, onClose }: { contactId: string; onClose: () => void }) {
  const t = useTexts();
  const [evidence, setEvidence] = useState("");
  const [refusal, setRefusal] = useState<string | null>(null);
  const [grant, busy] = useMutationCall<consentCardGrantMutation>(GRANT);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const answer = await grant({ id: contactId, evidence: evidence.trim() });
    if (!answer) return;
    const refused = answer.contactConsentGrant.userErrors[0]?.message ?? null;
    setRefusal(refused);
    if (refused) return;
    notifyDone(t.contacts.consent.changed(t.contacts.consents.OPTED_IN));
    onClose();
  };
  return (
    <Modal opened onClose={onClose} title={t.contacts.consent.grant} closeButtonProps={{ "aria-label": t.common.close }}>
      <form onSubmit={submit}>
        <Stack>
          <Text size="sm">{t.contacts.consent.grantLead}</Text>
          <GrowingTextarea
            label={t.contacts.consent.evidence}
            description={t.contacts.consent.evidenceHint}
            minRows={2}
            data-autofocus
            value={evidence}
            onChange={(event) => setEvidence(event.currentTarget.value)}
            error={refusal}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t.common.cancel}
            </Button>
            <Button type="submit" loading={busy} disabled={!evidence.trim()}>
              {t.contacts.consent.grantSubmit}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
