import { Table, Text } from "@mantine/core";
import type { ReactNode } from "react";

import { Moment } from "../../components/moment";
import { useTexts } from "../../texts/texts";
import { actorOf, subjectOf, type Entry } from "./audit_names";
import { detailsOf } from "./audit_words";

/** All that was noted of one entry. */
export function AuditEntry({ entry }: { entry: Entry }) {
  const t = useTexts().settings.audit;
  const all = useTexts();
  const lines: [string, ReactNode][] = [
    [t.when, <Moment key="at" at={entry.at} exact />],
    [t.who, actorOf(all, entry)],
    [t.on, subjectOf(all, entry)],
    [t.address, entry.address],
    [t.request, entry.requestId],
  ];
  const details = detailsOf(entry.details);
  return (
    <>
      <Table variant="vertical" layout="fixed">
        <Table.Tbody>
          {[...lines.filter(([, value]) => value), ...details].map(([name, value]) => (
            <Table.Tr key={name}>
              <Table.Th w={160}>{name}</Table.Th>
              <Table.Td style={{ overflowWrap: "anywhere" }}>{value}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {details.length === 0 && (
        <Text size="sm" c="dimmed" mt="sm">
          {t.nothing}
        </Text>
      )}
    </>
  );
}
