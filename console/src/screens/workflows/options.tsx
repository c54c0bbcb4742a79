import { createContext, useContext, type ReactNode } from "react";
import { graphql, useLazyLoadQuery } from "react-relay";

import { useMay } from "../../session/session";
import type { optionsQuery, optionsQuery$data } from "../../__generated__/optionsQuery.graphql";

const QUERY = graphql`
  query optionsQuery($withSegments: Boolean!, $withBroadcasts: Boolean!, $withEndpoints: Boolean!, $withContacts: Boolean!) {
    ruleFields @include(if: $withSegments) {
      key
      label
      type
      choices
    }
    activityKinds @include(if: $withContacts) {
      kind
      properties {
        property
        types
      }
    }
    tags(first: 200) @include(if: $withContacts)
    messageTemplates @include(if: $withBroadcasts) {
      id
      name
      language
      body
      parameters
      unsupported
    }
    webhookEndpoints @include(if: $withEndpoints) {
      id
      url
    }
    workflows(first: 250) {
      nodes {
        id
        name
        status
      }
    }
  }
`;

export type Options = optionsQuery$data;

const OptionsContext = createContext<Options | null>(null);

/** Reads what forms choose from, once for the whole editor. */
export function OptionsProvider({ children }: { children: ReactNode }) {
  const options = useLazyLoadQuery<optionsQuery>(QUERY, {
    withSegments: useMay("SEGMENT_READ"),
    withBroadcasts: useMay("BROADCAST_READ"),
    withEndpoints: useMay("WEBHOOK_MANAGE"),
    withContacts: useMay("CONTACT_READ"),
  });
  return <OptionsContext.Provider value={options}>{children}</OptionsContext.Provider>;
}

export function useOptions(): Options {
  const options = useContext(OptionsContext);
  if (!options) throw new Error("useOptions needs an OptionsProvider");
  return options;
}
