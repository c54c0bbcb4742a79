import { Button, Stack, Text } from "@mantine/core";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { useState } from "react";
import { graphql, useFragment } from "react-relay";

import { Moment } from "../../components/moment";
import { useTexts } from "../../texts/texts";
import type { consentHistory_contact$key } from "../../__generated__/consentHistory_contact.graphql";

/** How the consent changed, the newest first; closed at first. */
export function ConsentHistory({ contact }: { contact: consentHistory_contact$key }) {
  const t = useTexts().contacts;
  const [isOpen, setOpen] = useState(false);
  const { consentHistory } = useFragment(
    graphql`
      fragment consentHistory_contact on Contact {
        consentHistory(first: 20) {
          nodes {
            at
            source
            was
            now
            evidence
          }
        }
      }
    `,
    contact,
  );
  const changes = consentHistory.nodes;
  if (changes.length === 0) return null;
  return (
    <>
      <Button
        size="compact-sm"
        variant="subtle"
        justify="flex-start"
        aria-expanded={isOpen}
        leftSection={isOpen ? <IconChevronDown size={14} /> : <IconChevronRight size={14} />}
        onClick={() => setOpen(!isOpen)}
      >
        {t.consent.history(changes.length)}
      </Button>
      {isOpen && (
        <Stack gap="xs" component="ol" m={0} p={0} style={{ listStyle: "none" }}>
          {changes.map((change) => (
            <li key={`${change.at} ${change.now}`}>
              <Text size="sm">
                {t.consents[change.was]} → <b>{t.consents[change.now]}</b>
              </Text>
              <Text size="xs" c="dimmed">
                {t.consent.sources[change.source]} · <Moment at={change.at} exact inherit span />
              </Text>
              {change.evidence && (
                <Text size="xs" c="dimmed">
                  {change.evidence}
                </Text>
              )}
            </li>
          ))}
        </Stack>
      )}
    </>
  );
}
