import { useEffect, useEffectEvent, useRef, useState } from "react";
import { useRelayEnvironment } from "react-relay";
import { fetchQuery, graphql } from "relay-runtime";

import { ApiError } from "../relay/api_error";
import { useAllContacts } from "../session/all_contacts";
import { useMay } from "../session/session";
import type { useRulePreviewEstimateQuery, useRulePreviewEstimateQuery$data } from "../__generated__/useRulePreviewEstimateQuery.graphql";
import type { useRulePreviewQuery, useRulePreviewQuery$data } from "../__generated__/useRulePreviewQuery.graphql";
import { isComplete, type RuleInput } from "./rule";

export type Preview = useRulePreviewQuery$data["segmentPreview"];
export type Estimate = useRulePreviewEstimateQuery$data["segmentEstimate"];

/** What the server says of the places of a rule. */
export type RuleFindings = {
  conditions: Preview["conditions"];
  warnings: Preview["warnings"];
  errors: readonly { path: readonly string[]; message: string }[];
};

export type RulePreview = {
  /** The last answer; it stays while a newer one is awaited. */
  preview: Preview | null;
  /** About how many the rule as it is now finds, until that is counted. */
  estimate: Estimate | null;
  findings: RuleFindings;
  /** Neither the answer nor the estimate is that of the rule as it is now. */
  isStale: boolean;
  error: Error | null;
  /** How many contacts there are in all, once that is known. */
  contactCount: number | null;
};

const QUERY = graphql`
  query useRulePreviewQuery($rule: RuleInput!, $compareTo: ID, $withDifference: Boolean!, $withContacts: Boolean!) {
    segmentPreview(rule: $rule, compareTo: $compareTo, first: 6) {
      count
      reachable
      ruleText
      contacts @include(if: $withContacts) {
        id
        name
        email
        phone
      }
      warnings {
        path
        message
      }
      conditions {
        path
        count
      }
      difference @include(if: $withDifference) {
        entering
        leaving
      }
    }
  }
`;

const ESTIMATE = graphql`
  query useRulePreviewEstimateQuery($rule: RuleInput!) {
    segmentEstimate(rule: $rule) {
      count
      margin
    }
  }
`;

const WAIT_MS = 120;
/** To count more contacts than these takes longer than a person waits: a sample is asked first. */
const MANY = 50_000;
const NOTHING: RuleFindings = { conditions: [], warnings: [], errors: [] };

/**
 * What a rule finds, while it is edited: asked a moment after the last edit. The question before is aborted, which ends its statement in the
 * database, and an older answer is never shown. Of many contacts, an estimate comes before the count. A rule that is not complete is not asked about. `null`: nothing is asked.
 */
export function useRulePreview(rule: RuleInput | null, { compareTo }: { compareTo?: string } = {}): RulePreview {
  const environment = useRelayEnvironment();
  const withContacts = useMay("CONTACT_READ");
  const contactCount = useAllContacts({ isWanted: rule !== null });
  const isLarge = useEffectEvent(() => contactCount === null || contactCount > MANY);
  const [estimated, setEstimated] = useState<{ rule: RuleInput; estimate: Estimate } | null>(null);
  const [state, setState] = useState<{ answered: RuleInput | null; preview: Preview | null; findings: RuleFindings; error: Error | null }>({
    answered: null,
    preview: null,
    findings: NOTHING,
    error: null,
  });
  const hasAsked = useRef(false);
  useEffect(() => {
    if (rule === null || !isComplete(rule)) return;
    let running: { unsubscribe: () => void } | undefined;
    const wait = hasAsked.current ? WAIT_MS : 0;
    hasAsked.current = true;
    const askAll = () => {
      const variables = { rule, compareTo, withDifference: compareTo !== undefined, withContacts };
      running = fetchQuery<useRulePreviewQuery>(environment, QUERY, variables, { fetchPolicy: "network-only" }).subscribe({
        next: ({ segmentPreview }) =>
          setState({ answered: rule, preview: segmentPreview, findings: { ...segmentPreview, errors: [] }, error: null }),
        error: (error: Error) => {
          const path = error instanceof ApiError ? error.field : undefined;
          const errors = path ? [{ path, message: error.message }] : [];
          setState((before) => ({ ...before, answered: rule, findings: { ...NOTHING, errors }, error }));
        },
      });
    };
    const askEstimate = () => {
      running = fetchQuery<useRulePreviewEstimateQuery>(environment, ESTIMATE, { rule }, { fetchPolicy: "network-only" }).subscribe({
        next: ({ segmentEstimate }) => {
          setEstimated({ rule, estimate: segmentEstimate });
          askAll();
        },
        error: askAll,
      });
    };
    const timer = setTimeout(() => (isLarge() ? askEstimate() : askAll()), wait);
    return () => {
      clearTimeout(timer);
      running?.unsubscribe();
    };
  }, [environment, rule, compareTo, withContacts]);
  const { answered, preview, findings, error } = state;
  const estimate = answered !== rule && estimated?.rule === rule ? estimated.estimate : null;
  return { preview, estimate, findings, error: answered === rule ? error : null, isStale: answered !== rule && !estimate, contactCount };
}
