import { useDebouncedCallback } from "@mantine/hooks";
import { useCallback, useEffect, useRef, useState } from "react";
import { useRelayEnvironment } from "react-relay";
import { fetchQuery, graphql, type Environment, type Subscription } from "relay-runtime";

import { useMay } from "../session/session";
import type { suggestionsActivityQuery } from "../__generated__/suggestionsActivityQuery.graphql";
import type { suggestionsFieldQuery } from "../__generated__/suggestionsFieldQuery.graphql";
import type { suggestionsTagsQuery } from "../__generated__/suggestionsTagsQuery.graphql";

/** Of what values are suggested. */
export type Suggested = { field: string } | { tags: true } | { kind: string; property: string };

const FIELD = graphql`
  query suggestionsFieldQuery($field: String!, $prefix: String!) {
    ruleValueSuggestions(field: $field, prefix: $prefix, first: 12)
  }
`;

const TAGS = graphql`
  query suggestionsTagsQuery($search: String) {
    tags(search: $search, first: 12)
  }
`;

const ACTIVITY = graphql`
  query suggestionsActivityQuery($kind: String!, $property: String!, $prefix: String!) {
    activityValueSuggestions(kind: $kind, property: $property, prefix: $prefix, first: 12)
  }
`;

type Taken = (values: readonly unknown[]) => void;

function ask(environment: Environment, of: Suggested, prefix: string, taken: Taken): Subscription {
  const error = () => taken([]);
  if ("tags" in of) {
    return fetchQuery<suggestionsTagsQuery>(environment, TAGS, { search: prefix || null }).subscribe({ next: ({ tags }) => taken(tags), error });
  }
  if ("field" in of) {
    return fetchQuery<suggestionsFieldQuery>(environment, FIELD, { field: of.field, prefix }).subscribe({
      next: ({ ruleValueSuggestions }) => taken(ruleValueSuggestions),
      error,
    });
  }
  return fetchQuery<suggestionsActivityQuery>(environment, ACTIVITY, { ...of, prefix }).subscribe({
    next: ({ activityValueSuggestions }) => taken(activityValueSuggestions),
    error,
  });
}

/**
 * Values that there are, as texts, and a function that asks for those that begin with what was typed. None for a member who may not
 * read contacts.
 */
export function useSuggestions(of: Suggested): [readonly string[], (prefix: string) => void] {
  const environment = useRelayEnvironment();
  const may = useMay("CONTACT_READ");
  const [values, setValues] = useState<readonly string[]>([]);
  const running = useRef<Subscription | null>(null);
  const key = JSON.stringify(of);
  useEffect(() => () => running.current?.unsubscribe(), []);
  const send = useDebouncedCallback(
    useCallback(
      (prefix: string) => {
        running.current?.unsubscribe();
        running.current = ask(environment, JSON.parse(key) as Suggested, prefix, (found) => setValues([...new Set(found.map(String))]));
      },
      [environment, key],
    ),
    120,
  );
  return [values, may ? send : ignore];
}

function ignore(): void {}
