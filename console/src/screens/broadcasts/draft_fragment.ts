import { graphql } from "relay-runtime";

import type { draftFragment_broadcast$data } from "../../__generated__/draftFragment_broadcast.graphql";
import type { DraftValues } from "./draft_values";

void graphql`
  fragment draftFragment_broadcast on Broadcast {
    name
    template {
      id
    }
    parameters {
      name
      field
      text
      fallback
    }
    includeSegments {
      id
      name
      memberCount
    }
    excludeSegments {
      id
      name
      memberCount
    }
    requireOptIn
    maxLateness
  }
`;

/** What a person wrote of a broadcast that was read. */
export function draftValuesOf(broadcast: Omit<draftFragment_broadcast$data, " $fragmentType">): DraftValues {
  return {
    name: broadcast.name,
    templateId: broadcast.template.id,
    bindings: broadcast.parameters,
    include: broadcast.includeSegments.map(({ id }) => id),
    exclude: broadcast.excludeSegments.map(({ id }) => id),
    requireOptIn: broadcast.requireOptIn,
    maxLateness: broadcast.maxLateness ?? null,
  };
}
