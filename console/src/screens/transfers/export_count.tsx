import { Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { graphql } from "relay-runtime";

import { messageOf } from "../../components/notify";
import { useRead } from "../../relay/read";
import { useTexts } from "../../texts/texts";
import type { exportCountQuery } from "../../__generated__/exportCountQuery.graphql";
import type { ContactSelection } from "../../__generated__/exportNewMutation.graphql";

const QUERY = graphql`
  query exportCountQuery($search: String, $segment: ID, $rule: String) {
    contacts(first: 1, search: $search, segmentId: $segment, ruleQuery: $rule) {
      totalCount
    }
  }
`;

/** How many contacts a selection holds, before it is exported. What is wrong with a rule is said here while it is typed. */
export function ExportCount({ selection }: { selection: ContactSelection | "all" | null }) {
  const t = useTexts().transfers.export;
  const [asked] = useDebouncedValue(selection, 300);
  const chosen: { search?: string | null; segmentId?: string | null; ruleQuery?: string | null } | null = asked === "all" ? {} : asked;
  const { data, error, isLoading } = useRead<exportCountQuery>(
    QUERY,
    chosen && { search: chosen.search, segment: chosen.segmentId, rule: chosen.ruleQuery },
  );
  if (selection === null) return null;
  return (
    <Text size="sm" c={error ? "red" : "dimmed"} role="status" mih="1.5em">
      {error ? messageOf(error) : isLoading || data?.contacts == null ? t.counting : t.count(data.contacts.totalCount)}
    </Text>
  );
}
