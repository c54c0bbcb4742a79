import { Card, Group, Stack, Text, Title } from "@mantine/core";
import { graphql, useFragment } from "react-relay";

import { LinkTo } from "../../components/link";
import { useTexts } from "../../texts/texts";
import type { contactDuplicates_pairs$key } from "../../__generated__/contactDuplicates_pairs.graphql";
import { MergeLink } from "./merge_link";
import { Reasons } from "./reasons";

const FRAGMENT = graphql`
  fragment contactDuplicates_pairs on Query @argumentDefinitions(id: { type: "ID!" }) {
    duplicateContacts(first: 50, contactId: $id) {
      nodes {
        reasons
        a {
          id
          name
          email
          phone
        }
        b {
          id
          name
          email
          phone
        }
      }
    }
  }
`;

/** Contacts that may be the same person as this one, each with a way to merge the two. */
export function ContactDuplicates({ contactId, found }: { contactId: string; found: contactDuplicates_pairs$key }) {
  const texts = useTexts();
  const t = texts.contacts.identity;
  const pairs = useFragment(FRAGMENT, found).duplicateContacts.nodes;
  return (
    <Card withBorder padding="sm">
      <Title order={2} size="h5" mb={4}>
        {t.duplicates}
      </Title>
      {pairs.length === 0 && (
        <Text size="sm" c="dimmed">
          {t.noDuplicates}
        </Text>
      )}
      <Stack gap="xs" component="ul" m={0} p={0} style={{ listStyle: "none" }}>
        {pairs.map(({ a, b, reasons }) => {
          const other = a.id === contactId ? b : a;
          return (
            <Group key={other.id} component="li" justify="space-between" gap="xs">
              <div>
                <LinkTo to="/contacts/$contactId" params={{ contactId: other.id }} size="sm" fw={600}>
                  {other.name ?? other.email ?? other.phone ?? texts.contacts.nameless}
                </LinkTo>
                <Reasons reasons={reasons} />
              </div>
              <MergeLink keep={contactId} merge={other.id}>
                {t.compare}
              </MergeLink>
            </Group>
          );
        })}
      </Stack>
      <Group mt="xs">
        <MergeLink keep={contactId}>{t.mergeOther}</MergeLink>
      </Group>
    </Card>
  );
}
