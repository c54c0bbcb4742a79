import { fetchQuery, graphql, type Environment } from "relay-runtime";

import type { ruleTextFromQuery, ruleTextFromQuery$data } from "../__generated__/ruleTextFromQuery.graphql";
import type { ruleTextToQuery } from "../__generated__/ruleTextToQuery.graphql";
import type { RuleInput } from "./rule";

export type RuleParse = ruleTextFromQuery$data["ruleFromQuery"];
export type RuleMistake = RuleParse["errors"][number];

const FROM = graphql`
  query ruleTextFromQuery($query: String!) {
    ruleFromQuery(query: $query) {
      rule
      errors {
        message
        start
        end
        line
        column
        replacement
      }
    }
  }
`;

const TO = graphql`
  query ruleTextToQuery($rule: RuleInput!) {
    ruleToQuery(rule: $rule)
  }
`;

/** Reads a rule's text; the observable's subscription aborts the request. */
export function readText(environment: Environment, query: string) {
  return fetchQuery<ruleTextFromQuery>(environment, FROM, { query }, { fetchPolicy: "network-only" });
}

/** Writes a rule as text. */
export function writeText(environment: Environment, rule: RuleInput) {
  return fetchQuery<ruleTextToQuery>(environment, TO, { rule }, { fetchPolicy: "network-only" });
}
