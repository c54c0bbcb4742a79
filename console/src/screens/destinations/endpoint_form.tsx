import { Button, Card, Checkbox, Group, NumberInput, Pill, Radio, SimpleGrid, Stack, Switch, Title } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { graphql } from "relay-runtime";

import { TextField } from "../../components/form_parts";
import { OtherErrors } from "../../components/other_errors";
import { SegmentSelect } from "../../components/segment_select";
import { wordOf } from "../../format/words";
import { errorOf, useMutationCall, type UserError } from "../../relay/commit";
import { useRead } from "../../relay/read";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { endpointFormCreateMutation } from "../../__generated__/endpointFormCreateMutation.graphql";
import type { endpointFormTypesQuery } from "../../__generated__/endpointFormTypesQuery.graphql";
import type { endpointFormUpdateMutation } from "../../__generated__/endpointFormUpdateMutation.graphql";
import type { endpointFragment_endpoint$data } from "../../__generated__/endpointFragment_endpoint.graphql";
import { ADDRESS_EXAMPLE, ADDRESS_ID, DESCRIPTION_ID } from "./endpoint_new_first_view";
import classes from "./endpoint_form.module.css";
import { EndpointHeaders } from "./endpoint_headers";
import { chosenAmong, knownTypes } from "./endpoint_words";
import { inputOf, valuesOf, type EndpointValues } from "./endpoint_values";

const TYPES = graphql`
  query endpointFormTypesQuery {
    webhookEventTypes {
      name
      description
    }
  }
`;

const CREATE = graphql`
  mutation endpointFormCreateMutation($input: WebhookEndpointInput!) {
    webhookEndpointCreate(input: $input) {
      webhookEndpoint {
        id
      }
      secret
      userErrors {
        code
        message
        field
      }
    }
  }
`;

const UPDATE = graphql`
  mutation endpointFormUpdateMutation($id: ID!, $input: WebhookEndpointInput!) {
    webhookEndpointUpdate(id: $id, input: $input) {
      webhookEndpoint {
        id
      }
      userErrors {
        code
        message
        field
      }
    }
  }
`;

const MODES = ["ORDERED", "PARALLEL"] as const;
const POLICIES = ["BLOCK", "SKIP"] as const;
const PLACED = ["url", "description", "eventTypes", "segmentIds", "batchSize", "requestsPerSecond", "headers"];

/** Adds an endpoint (`endpoint` null), or changes one. Gives its id, and the secret of a new one. */
export function EndpointForm({
  endpoint,
  onDone,
}: {
  endpoint: endpointFragment_endpoint$data | null;
  onDone: (id: string, secret: string | null) => void;
}) {
  const t = useTexts();
  const words = t.destinations.form;
  const maySegments = useMay("SEGMENT_READ");
  const mayContacts = useMay("CONTACT_READ");
  const [values, setValues] = useState<EndpointValues>(() => valuesOf(endpoint));
  const [errors, setErrors] = useState<readonly UserError[]>([]);
  const { data } = useRead<endpointFormTypesQuery>(TYPES, {});
  const [create, creating] = useMutationCall<endpointFormCreateMutation>(CREATE);
  const [update, updating] = useMutationCall<endpointFormUpdateMutation>(UPDATE);
  const set = (change: Partial<EndpointValues>) => setValues({ ...values, ...change });

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const input = inputOf(values);
    if (endpoint) {
      const payload = (await update({ id: endpoint.id, input }))?.webhookEndpointUpdate;
      if (!payload) return;
      setErrors(payload.userErrors);
      if (payload.webhookEndpoint) onDone(payload.webhookEndpoint.id, null);
      return;
    }
    const payload = (await create({ input }))?.webhookEndpointCreate;
    if (!payload) return;
    setErrors(payload.userErrors);
    if (payload.webhookEndpoint) onDone(payload.webhookEndpoint.id, payload.secret ?? null);
  };
  const within = (name: string) => errors.find(({ field }) => field?.includes(name))?.message;
  // Those that the console knows are shown at once; the server may know more.
  const types = chosenAmong(data?.webhookEventTypes ?? knownTypes(t));
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack maw={860}>
        <OtherErrors errors={errors} fields={PLACED} />
        <Card withBorder>
          <Stack>
            <TextField
              id={ADDRESS_ID}
              label={words.url}
              hint={words.urlHint}
              placeholder={ADDRESS_EXAMPLE}
              isRequired
              required
              type="url"
              value={values.url}
              onChange={(event) => set({ url: event.currentTarget.value })}
              error={errorOf(errors, "url")}
            />
            <TextField
              id={DESCRIPTION_ID}
              label={words.description}
              hint={words.descriptionHint}
              value={values.description}
              onChange={(event) => set({ description: event.currentTarget.value })}
              error={errorOf(errors, "description")}
            />
          </Stack>
        </Card>
        <Card withBorder>
          <Checkbox.Group
            label={words.eventTypes}
            value={values.eventTypes.slice()}
            onChange={(eventTypes) => set({ eventTypes })}
            error={within("eventTypes") ?? (values.eventTypes.length === 0 ? words.eventsNeeded : undefined)}
          >
            <div className={classes.types}>
              {types.map(({ name, description }) => (
                <Checkbox
                  key={name}
                  value={name}
                  label={t.destinations.eventTypes[name]?.label ?? name}
                  description={t.destinations.eventTypes[name]?.what ?? description}
                />
              ))}
            </div>
          </Checkbox.Group>
        </Card>
        {maySegments && (
          <Card withBorder>
            <Stack gap="xs">
              <SegmentSelect
                label={words.segments}
                description={words.segmentsHint}
                placeholder={words.addSegment}
                value={null}
                onChange={(segment) => {
                  if (segment && !values.segments.some(({ id }) => id === segment.id)) set({ segments: [...values.segments, segment] });
                }}
                error={within("segmentIds")}
              />
              <Pill.Group>
                {values.segments.map(({ id, name }) => (
                  <Pill
                    key={id}
                    withRemoveButton
                    onRemove={() => set({ segments: values.segments.filter((other) => other.id !== id) })}
                    removeButtonProps={{ "aria-label": words.removeSegment(name), tabIndex: 0, "aria-hidden": false }}
                  >
                    {name}
                  </Pill>
                ))}
              </Pill.Group>
            </Stack>
          </Card>
        )}
        <Card withBorder>
          <Stack>
            <Title order={2} size="h5">
              {words.advanced}
            </Title>
            <SimpleGrid cols={{ base: 1, sm: 2 }}>
              <Radio.Group
                label={words.mode}
                value={values.mode}
                onChange={(value) => set({ mode: MODES.find((each) => each === value) ?? "ORDERED" })}
              >
                <Stack gap="xs" mt={4}>
                  {MODES.map((each) => (
                    <Radio key={each} value={each} label={wordOf(t.destinations.endpoints.modes, each)} />
                  ))}
                </Stack>
              </Radio.Group>
              <Radio.Group
                label={words.onFailure}
                value={values.onFailure}
                onChange={(value) => set({ onFailure: POLICIES.find((each) => each === value) ?? "BLOCK" })}
              >
                <Stack gap="xs" mt={4}>
                  {POLICIES.map((each) => (
                    <Radio key={each} value={each} label={wordOf(t.destinations.endpoints.failurePolicies, each)} />
                  ))}
                </Stack>
              </Radio.Group>
              <NumberInput
                label={words.batch}
                min={1}
                max={1000}
                allowDecimal={false}
                value={values.batchSize}
                onChange={(batchSize) => set({ batchSize })}
                error={errorOf(errors, "batchSize")}
              />
              <NumberInput
                label={words.rate}
                placeholder={words.rateHint}
                min={0}
                value={values.requestsPerSecond}
                onChange={(requestsPerSecond) => set({ requestsPerSecond })}
                error={errorOf(errors, "requestsPerSecond")}
              />
            </SimpleGrid>
            {mayContacts && (
              <Switch
                label={words.includeContacts}
                description={words.includeContactsHint}
                checked={values.includeContacts}
                onChange={(event) => set({ includeContacts: event.currentTarget.checked })}
              />
            )}
            <EndpointHeaders headers={values.headers} onChange={(headers) => set({ headers })} error={within("headers")} />
          </Stack>
        </Card>
        <Group justify="flex-end">
          <Button type="submit" loading={creating || updating} disabled={values.eventTypes.length === 0}>
            {endpoint ? t.common.save : words.create}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
