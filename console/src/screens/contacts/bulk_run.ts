import { commitMutation, fetchQuery, graphql, type Environment, type GraphQLTaggedNode, type MutationParameters } from "relay-runtime";

import { ApiError } from "../../relay/api_error";
import type { bulkRunQuery } from "../../__generated__/bulkRunQuery.graphql";
import type { Matching } from "./list_search";

/** The contacts that a bulk action is about: some by their ids, or all that the filters find. */
export type Target = { count: number } & ({ ids: readonly string[] } | { all: Matching });

const PAGE = 250;

const QUERY = graphql`
  query bulkRunQuery($search: String, $segmentId: ID, $ruleQuery: String, $after: String) {
    contacts(search: $search, segmentId: $segmentId, ruleQuery: $ruleQuery, first: 250, after: $after) {
      nodes {
        id
      }
      pageInfo {
        endCursor
        hasNextPage
      }
    }
  }
`;

/**
 * The ids of the target, at most 250 at a time. The newest contacts come first, so that contacts which are made meanwhile are
 * left alone, and a page that has been deleted or changed does not move the ones behind it.
 */
export async function* batches(environment: Environment, target: Target): AsyncGenerator<readonly string[]> {
  if ("ids" in target) {
    for (let from = 0; from < target.ids.length; from += PAGE) yield target.ids.slice(from, from + PAGE);
    return;
  }
  let after: string | null | undefined = null;
  do {
    const answer: bulkRunQuery["response"] | undefined = await fetchQuery<bulkRunQuery>(
      environment,
      QUERY,
      { ...target.all, after },
      { fetchPolicy: "network-only" },
    ).toPromise();
    if (!answer) return;
    const { nodes, pageInfo }: bulkRunQuery["response"]["contacts"] = answer.contacts;
    if (nodes.length > 0) yield nodes.map(({ id }) => id);
    after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
  } while (after);
}

/** All ids of the target, or null when there are more than `most`. */
export async function idsOf(environment: Environment, target: Target, most: number): Promise<string[] | null> {
  const ids: string[] = [];
  for await (const batch of batches(environment, target)) {
    ids.push(...batch);
    if (ids.length > most) return null;
  }
  return ids;
}

/** Sends a mutation that may be sent again; waits and does so when the API asks for fewer requests. */
export async function send<M extends MutationParameters>(
  environment: Environment,
  mutation: GraphQLTaggedNode,
  variables: M["variables"],
): Promise<M["response"]> {
  for (;;) {
    try {
      return await new Promise<M["response"]>((resolve, reject) =>
        commitMutation<M>(environment, { mutation, variables, onCompleted: resolve, onError: reject }),
      );
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== "THROTTLED") throw error;
      await new Promise((resolve) => setTimeout(resolve, (error.retryAfterSeconds ?? 1) * 1000));
    }
  }
}
