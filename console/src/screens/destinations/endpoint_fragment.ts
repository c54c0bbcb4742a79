import { graphql } from "relay-runtime";

/** All that an endpoint is, for its page and its form. */
export const ENDPOINT = graphql`
  fragment endpointFragment_endpoint on WebhookEndpoint {
    id
    url
    description
    status
    reason
    eventTypes
    segments @include(if: $maySegments) {
      id
      name
    }
    mode
    onFailure
    batchSize
    includeContacts
    headers
    requestsPerSecond
    cursor
    pendingEvents
    lagSeconds
    nextAttemptAt
    lastDeliveredAt
    createdAt
    workflows @include(if: $mayWorkflows) {
      id
      name
    }
  }
`;
