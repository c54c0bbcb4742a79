import { Alert, Button, Card, Group, Stack, Table, Text, Title } from "@mantine/core";
import { useState } from "react";
import { useLazyLoadQuery } from "react-relay";
import { graphql } from "relay-runtime";

import { confirm } from "../../components/confirm";
import { Moment } from "../../components/moment";
import { notifyDone } from "../../components/notify";
import { PlainTable } from "../../components/plain_table";
import { useNow } from "../../format/use_moments";
import { useMutationCall } from "../../relay/commit";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { contactIdentityQuery, contactIdentityQuery$data } from "../../__generated__/contactIdentityQuery.graphql";
import type { contactIdentityUnmergeMutation } from "../../__generated__/contactIdentityUnmergeMutation.graphql";
import { ContactDuplicates } from "./contact_duplicates";

const QUERY = graphql`
  query contactIdentityQuery($id: ID!, $withDuplicates: Boolean!) {
    contact(id: $id) {
      id
      aliases {
        kind
        value
        since
      }
      merges(first: 50) {
        nodes {
          id
          at
          undoableUntil
          undoneAt
          by {
            ... on Member {
              name
            }
            ... on ApiToken {
              name
            }
          }
        }
      }
    }
    ...contactDuplicates_pairs @alias(as: "duplicates") @arguments(id: $id) @include(if: $withDuplicates)
  }
`;

const UNMERGE = graphql`
  mutation contactIdentityUnmergeMutation($id: ID!) {
    contactUnmerge(id: $id) {
      notices
      merge {
        id
        undoneAt
        mergedId
      }
      userErrors {
        message
      }
    }
  }
`;

type Merge = NonNullable<contactIdentityQuery$data["contact"]>["merges"]["nodes"][number];

/** The ids that find the contact, what was merged into it, and contacts that may be the same person. */
export function ContactIdentity({ contactId, onChanged }: { contactId: string; onChanged: () => void }) {
  const t = useTexts().contacts.identity;
  const mayWrite = useMay("CONTACT_WRITE");
  const [turn, setTurn] = useState(0);
  const data = useLazyLoadQuery<contactIdentityQuery>(
    QUERY,
    { id: contactId, withDuplicates: mayWrite },
    { fetchPolicy: "store-and-network", fetchKey: turn },
  );
  const { contact } = data;
  const aliases = contact?.aliases ?? [];
  const merges = contact?.merges.nodes ?? [];
  const changed = () => {
    setTurn((before) => before + 1);
    onChanged();
  };
  return (
    <Stack gap="md">
      <Card withBorder padding="sm">
        <Title order={2} size="h5" mb={4}>
          {t.aliases}
        </Title>
        {aliases.length === 0 && (
          <Text size="sm" c="dimmed">
            {t.noAliases}
          </Text>
        )}
        {aliases.length > 0 && (
          <PlainTable label={t.aliases} minWidth={420} columns={[t.kind, t.value, t.since]}>
            {aliases.map((alias) => (
              <Table.Tr key={`${alias.kind} ${alias.value}`}>
                <Table.Td>{t.kinds[alias.kind]}</Table.Td>
                <Table.Td>{alias.value}</Table.Td>
                <Table.Td>
                  <Moment at={alias.since} />
                </Table.Td>
              </Table.Tr>
            ))}
          </PlainTable>
        )}
      </Card>
      <Card withBorder padding="sm">
        <Title order={2} size="h5" mb={4}>
          {t.merges}
        </Title>
        {merges.length === 0 && (
          <Text size="sm" c="dimmed">
            {t.noMerges}
          </Text>
        )}
        <Stack gap="xs" component="ul" m={0} p={0} style={{ listStyle: "none" }}>
          {merges.map((merge, index) => (
            <MergeLine key={merge.id} merge={merge} isNewest={merges.findIndex((each) => !each.undoneAt) === index} onUndone={changed} />
          ))}
        </Stack>
      </Card>
      {data.duplicates && <ContactDuplicates contactId={contactId} found={data.duplicates} />}
    </Stack>
  );
}

function MergeLine({ merge, isNewest, onUndone }: { merge: Merge; isNewest: boolean; onUndone: () => void }) {
  const t = useTexts().contacts.identity;
  const mayWrite = useMay("CONTACT_WRITE");
  const now = useNow();
  const [refusal, setRefusal] = useState<string | null>(null);
  const [unmerge, busy] = useMutationCall<contactIdentityUnmergeMutation>(UNMERGE);
  const isUndoable = !merge.undoneAt && Date.parse(merge.undoableUntil) > now;
  const undo = async () => {
    if (!(await confirm({ title: t.unmergeTitle, children: t.unmergeLead, action: t.unmerge }))) return;
    const answer = await unmerge({ id: merge.id });
    if (!answer) return;
    const { notices, userErrors } = answer.contactUnmerge;
    setRefusal(userErrors[0]?.message ?? null);
    if (userErrors[0]) return;
    notifyDone([t.unmerged, ...notices].join(" "));
    onUndone();
  };
  return (
    <li>
      <Group justify="space-between" gap="xs">
        <Text size="sm">
          {t.mergedBy(merge.by?.name ?? null)} <Moment at={merge.at} inherit span />
          {merge.undoneAt && (
            <Text span inherit c="dimmed">
              {" "}
              · {t.undone} <Moment at={merge.undoneAt} inherit span />
            </Text>
          )}
        </Text>
        {mayWrite && isUndoable && isNewest && (
          <Button size="compact-sm" variant="default" loading={busy} onClick={() => void undo()}>
            {t.unmerge}
          </Button>
        )}
        {isUndoable && !isNewest && (
          <Text size="xs" c="dimmed">
            {t.lastFirst}
          </Text>
        )}
      </Group>
      {refusal && (
        <Alert color="red" role="alert" p="xs" mt={4}>
          {refusal}
        </Alert>
      )}
    </li>
  );
}
