import { Alert, Card, Group, Loader, Stack, Table, Text, Title } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useMemo } from "react";
import { graphql } from "relay-runtime";

import { LinkTo } from "../../components/link";
import { messageOf } from "../../components/notify";
import { formatNumber } from "../../format/numbers";
import { useRead } from "../../relay/read";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { ScoreModelInput, scorePreviewQuery } from "../../__generated__/scorePreviewQuery.graphql";
import { Histogram } from "./histogram";

const QUERY = graphql`
  query scorePreviewQuery($input: ScoreModelInput!, $mayRead: Boolean!) {
    scorePreview(input: $input, first: 8) {
      buckets {
        from
        to
        count
      }
      contacts @include(if: $mayRead) {
        value
        contact {
          id
          name
          email
          phone
        }
      }
      text
    }
  }
`;

const REST_MS = 350;

/** Who would have which value by a definition: how it is spread, and the highest. A definition of null is not complete. */
export function ScorePreview({ input, title, lead, showText = false }: { input: ScoreModelInput | null; title: string; lead?: string; showText?: boolean }) {
  const t = useTexts();
  const mayRead = useMay("CONTACT_READ");
  const key = input && JSON.stringify(input);
  const [restedKey] = useDebouncedValue(key, REST_MS);
  const rested = useMemo(() => (restedKey === null ? null : (JSON.parse(restedKey) as ScoreModelInput)), [restedKey]);
  const { data, error, isLoading } = useRead<scorePreviewQuery>(QUERY, rested && { input: rested, mayRead });
  const preview = data?.scorePreview;
  return (
    <Card withBorder>
      <Stack gap="sm" aria-busy={isLoading}>
        <Group justify="space-between">
          <Title order={2} size="h4">
            {title}
          </Title>
          {(isLoading || restedKey !== key) && <Loader size="xs" aria-label={t.common.loading} />}
        </Group>
        {lead && (
          <Text size="sm" c="dimmed">
            {lead}
          </Text>
        )}
        {!input && !preview && (
          <Text size="sm" c="dimmed">
            {t.scores.previewWaiting}
          </Text>
        )}
        {error && (
          <Alert color="orange" role="status">
            {messageOf(error)}
          </Alert>
        )}
        {preview && (
          <>
            <Histogram buckets={preview.buckets} />
            {preview.contacts && preview.contacts.length > 0 && (
              <Table aria-label={t.scores.highest} verticalSpacing={6}>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>{t.scores.highest}</Table.Th>
                    <Table.Th className="numeric">{t.scores.value}</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {preview.contacts.map(({ contact, value }) => (
                    <Table.Tr key={contact.id}>
                      <Table.Td>
                        <LinkTo to="/contacts/$contactId" params={{ contactId: contact.id }} size="sm">
                          {contact.name ?? contact.email ?? contact.phone ?? t.scores.contact}
                        </LinkTo>
                      </Table.Td>
                      <Table.Td className="numeric">{formatNumber(value, { maximumFractionDigits: 2 })}</Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            )}
            {showText && (
              <Text size="sm" c="dimmed" style={{ whiteSpace: "pre-line" }}>
                {preview.text}
              </Text>
            )}
          </>
        )}
      </Stack>
    </Card>
  );
}
