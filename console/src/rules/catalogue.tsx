import { createContext, useContext, useMemo, type ReactNode } from "react";
import { graphql, useFragment, useLazyLoadQuery } from "react-relay";

import type { catalogueQuery } from "../__generated__/catalogueQuery.graphql";
import type { catalogue_rules$data, catalogue_rules$key } from "../__generated__/catalogue_rules.graphql";

export type RuleField = catalogue_rules$data["ruleFields"][number];
export type FieldType = RuleField["type"];
export type ActivityKind = catalogue_rules$data["activityKinds"][number];

/** What rules can speak of. `segments` are the first ones by name: `hasMoreSegments` says that there are others. */
export type RuleCatalogue = {
  fields: ReadonlyMap<string, RuleField>;
  kinds: ReadonlyMap<string, ActivityKind>;
  segments: ReadonlyMap<string, { readonly id: string; readonly name: string }>;
  hasMoreSegments: boolean;
};

const FRAGMENT = graphql`
  fragment catalogue_rules on Query {
    ruleFields {
      key
      label
      type
      custom
      operators
      choices
    }
    activityKinds {
      kind
      properties {
        property
        types
      }
    }
    ruleSegments: segments(first: 250, orderBy: NAME_ASC) {
      nodes {
        id
        name
      }
      pageInfo {
        hasNextPage
      }
    }
  }
`;

const CatalogueContext = createContext<RuleCatalogue | null>(null);

/** The catalogue, for what is drawn inside of a `CatalogueProvider`. */
export function useRuleCatalogue(): RuleCatalogue {
  const catalogue = useContext(CatalogueContext);
  if (!catalogue) throw new Error("useRuleCatalogue needs a CatalogueProvider");
  return catalogue;
}

/** Gives the catalogue to a rule editor: from the fragment of the screen's own query, else by a query of its own (it suspends). */
export function CatalogueProvider({ catalogue, children }: { catalogue?: catalogue_rules$key; children: ReactNode }) {
  return catalogue ? <Given catalogue={catalogue}>{children}</Given> : <Loaded>{children}</Loaded>;
}

function Loaded({ children }: { children: ReactNode }) {
  const data = useLazyLoadQuery<catalogueQuery>(
    graphql`
      query catalogueQuery {
        ...catalogue_rules
      }
    `,
    {},
    { fetchPolicy: "store-and-network" },
  );
  return <Given catalogue={data}>{children}</Given>;
}

function Given({ catalogue, children }: { catalogue: catalogue_rules$key; children: ReactNode }) {
  const data = useFragment(FRAGMENT, catalogue);
  const value = useMemo<RuleCatalogue>(
    () => ({
      fields: new Map(data.ruleFields.map((field) => [field.key, field])),
      kinds: new Map(data.activityKinds.map((kind) => [kind.kind, kind])),
      segments: new Map(data.ruleSegments.nodes.map((segment) => [segment.id, segment])),
      hasMoreSegments: data.ruleSegments.pageInfo.hasNextPage,
    }),
    [data],
  );
  return <CatalogueContext.Provider value={value}>{children}</CatalogueContext.Provider>;
}
