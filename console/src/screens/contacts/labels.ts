import { useMemo } from "react";
import { graphql } from "relay-runtime";

import { useRead } from "../../relay/read";
import { useMay } from "../../session/session";
import type { labelsQuery, labelsQuery$data } from "../../__generated__/labelsQuery.graphql";
import type { Labels } from "./columns";

const QUERY = graphql`
  query labelsQuery($withScores: Boolean!) {
    contactFields {
      key
      label
      type
      choices
    }
    scoreModels(first: 50) @include(if: $withScores) {
      nodes {
        key
        name
      }
    }
  }
`;

export type CustomField = labelsQuery$data["contactFields"][number];

/** The custom fields and scores of the workspace, read once they are wanted. */
export function useLabels(isWanted: boolean): Labels & { fields: readonly CustomField[] } {
  const withScores = useMay("SEGMENT_READ");
  const { data } = useRead<labelsQuery>(QUERY, isWanted ? { withScores } : null);
  return useMemo(
    () => ({
      fields: data?.contactFields ?? [],
      attributes: new Map(data?.contactFields.map(({ key, label }) => [key, label])),
      scores: new Map(data?.scoreModels?.nodes.map(({ key, name }) => [key, name])),
    }),
    [data],
  );
}
