import { Badge, Card, Stack, Table, Text, Title, UnstyledButton } from "@mantine/core";
import { graphql, useFragment } from "react-relay";

import { formatNumber } from "../../format/numbers";
import { useTexts } from "../../texts/texts";
import type { reasons_broadcast$key, RecipientStatus } from "../../__generated__/reasons_broadcast.graphql";
import classes from "./figures.module.css";

/** A recipient's reason in words that say what to do, where WhatsApp's code is known; else as it came. */
export function useRecipientReason(): (reason: string | null | undefined, code: number | null | undefined) => string {
  const t = useTexts().broadcasts;
  return (reason, code) => (code != null && t.codes[code]) || reason || t.noReason;
}

/** Why messages did not get through, the most frequent first; each number opens its recipients. */
export function Reasons({
  broadcast,
  onShow,
}: {
  broadcast: reasons_broadcast$key;
  onShow: (state: RecipientStatus, reason: string | undefined) => void;
}) {
  const t = useTexts().broadcasts;
  const words = useRecipientReason();
  const { reasons } = useFragment(
    graphql`
      fragment reasons_broadcast on Broadcast {
        reasons {
          status
          reason
          errorCode
          count
        }
      }
    `,
    broadcast,
  );
  if (reasons.length === 0) return null;
  return (
    <Card withBorder>
      <Title order={2} size="h4" mb="xs">
        {t.whyNot}
      </Title>
      <Table aria-label={t.whyNot} verticalSpacing="xs">
        <Table.Thead className={classes.head}>
          <Table.Tr>
            <Table.Th>{t.reason}</Table.Th>
            <Table.Th className="numeric" w={100}>
              {t.figureCount}
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {reasons.map(({ status, reason, errorCode, count }) => (
            <Table.Tr key={`${status} ${errorCode} ${reason}`}>
              <Table.Td>
                <Stack gap={2}>
                  <Text size="sm">{words(reason, errorCode)}</Text>
                  <Text size="xs" c="dimmed" component="div">
                    <Badge size="xs" variant="light" color={status === "FAILED" ? "red" : "gray"} tt="none" mr={6} autoContrast>
                      {t.states[status]}
                    </Badge>
                    {errorCode != null && t.code(errorCode)}
                  </Text>
                </Stack>
              </Table.Td>
              <Table.Td className="numeric">
                <UnstyledButton
                  onClick={() => onShow(status, reason ?? undefined)}
                  aria-label={t.showPeople(`${words(reason, errorCode)} ${formatNumber(count)}`)}
                  c="var(--mantine-color-anchor)"
                  fw={600}
                  fz="sm"
                >
                  {formatNumber(count)}
                </UnstyledButton>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Card>
  );
}
