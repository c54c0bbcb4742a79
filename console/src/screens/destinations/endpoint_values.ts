import type { WebhookDeliveryMode, WebhookEndpointInput, WebhookFailurePolicy } from "../../__generated__/endpointFormCreateMutation.graphql";

/** A header of an endpoint. `value` null: the stored one, which is never shown, stays. */
export type Header = { readonly key: number; readonly name: string; readonly value: string | null };

export type EndpointValues = {
  url: string;
  description: string;
  eventTypes: readonly string[];
  segments: readonly { readonly id: string; readonly name: string }[];
  mode: WebhookDeliveryMode;
  onFailure: WebhookFailurePolicy;
  batchSize: number | string;
  includeContacts: boolean;
  requestsPerSecond: number | string;
  headers: readonly Header[];
};

type Stored = {
  readonly url: string;
  readonly description: string | null | undefined;
  readonly eventTypes: readonly string[];
  readonly segments?: readonly { readonly id: string; readonly name: string }[] | undefined;
  readonly mode: string;
  readonly onFailure: string;
  readonly batchSize: number;
  readonly includeContacts: boolean;
  readonly requestsPerSecond: number | null | undefined;
  readonly headers: unknown;
};

/** What the form begins with: an endpoint as it is, or a usual new one. */
export function valuesOf(endpoint: Stored | null): EndpointValues {
  return {
    url: endpoint?.url ?? "",
    description: endpoint?.description ?? "",
    eventTypes: endpoint?.eventTypes ?? ["membership.changes"],
    segments: endpoint?.segments ?? [],
    mode: endpoint?.mode === "PARALLEL" ? "PARALLEL" : "ORDERED",
    onFailure: endpoint?.onFailure === "SKIP" ? "SKIP" : "BLOCK",
    batchSize: endpoint?.batchSize ?? 100,
    includeContacts: endpoint?.includeContacts ?? false,
    requestsPerSecond: endpoint?.requestsPerSecond ?? "",
    headers: Object.keys((endpoint?.headers ?? {}) as Record<string, unknown>).map((name, key) => ({ key, name, value: null })),
  };
}

/** All of the endpoint, as a change must give it again. */
export function inputOf(values: EndpointValues): WebhookEndpointInput {
  const headers = values.headers.filter(({ name }) => name.trim() !== "").map(({ name, value }) => [name.trim(), value] as const);
  return {
    url: values.url.trim(),
    description: values.description.trim() || null,
    eventTypes: values.eventTypes,
    segmentIds: values.segments.map(({ id }) => id),
    mode: values.mode,
    onFailure: values.onFailure,
    batchSize: Number(values.batchSize) || 100,
    includeContacts: values.includeContacts,
    requestsPerSecond: values.requestsPerSecond === "" ? null : Number(values.requestsPerSecond),
    headers: Object.fromEntries(headers),
  };
}
