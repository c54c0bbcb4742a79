import { useRelayEnvironment } from "react-relay";
import { fetchQuery, graphql } from "relay-runtime";

import type { contactCountQuery } from "../../__generated__/contactCountQuery.graphql";

const QUERY = graphql`
  query contactCountQuery($rule: String!) {
    contacts(first: 1, ruleQuery: $rule) {
      totalCount
    }
  }
`;

/** Returns a function that says how many contacts a rule finds; null when that cannot be said. */
export function useContactCount(): (rule: string) => Promise<number | null> {
  const environment = useRelayEnvironment();
  return async (rule) => {
    const answer = await fetchQuery<contactCountQuery>(environment, QUERY, { rule }, { fetchPolicy: "network-only" })
      .toPromise()
      .catch(() => undefined);
    return answer?.contacts.totalCount ?? null;
  };
}

/** A text in the quotes of a rule. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
