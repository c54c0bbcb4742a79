import { Button, Grid, Group, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { graphql } from "relay-runtime";

import { Screen } from "../../components/screen";
import { useMutationCall, type UserError } from "../../relay/commit";
import { useScreenQuery } from "../../relay/screen_query";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { newBroadcastMutation } from "../../__generated__/newBroadcastMutation.graphql";
import type { newBroadcastQuery, newBroadcastQuery$data } from "../../__generated__/newBroadcastQuery.graphql";
import { AudienceFields } from "./audience_fields";
import { draftValuesOf } from "./draft_fragment";
import { EMPTY_DRAFT, inputOf, type DraftValues } from "./draft_values";
import { MessageFields, useFormData } from "./message_fields";
import { segmentOption } from "./option_search";
import { PreviewCard } from "./preview_card";
import { newBroadcastRoute } from "./routes";

const QUERY = graphql`
  query newBroadcastQuery($from: ID!, $isCopy: Boolean!, $segment: ID!, $hasSegment: Boolean!, $mayReadContacts: Boolean!) {
    ...messageFields_query @arguments(mayReadContacts: $mayReadContacts)
    broadcast(id: $from) @include(if: $isCopy) {
      ...draftFragment_broadcast @relay(mask: false)
    }
    segment(id: $segment) @include(if: $hasSegment) {
      id
      name
      memberCount
    }
  }
`;

const CREATE = graphql`
  mutation newBroadcastMutation($input: BroadcastCreateInput!) {
    broadcastCreate(input: $input) {
      broadcast {
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

/** The first step of a broadcast: what is sent, and to whom. Going on makes a draft. */
export function NewBroadcast() {
  const t = useTexts().broadcasts;
  const { from, segment } = newBroadcastRoute.useSearch();
  const navigate = newBroadcastRoute.useNavigate();
  const mayReadContacts = useMay("CONTACT_READ");
  const [data, reload] = useScreenQuery<newBroadcastQuery>(QUERY, {
    from: from ?? "",
    isCopy: from !== undefined,
    segment: segment ?? "",
    hasSegment: segment !== undefined,
    mayReadContacts,
  });
  const form = useFormData(data);
  const [values, setValues] = useState<DraftValues>(() => firstValues(data, t.copyOf));
  const [errors, setErrors] = useState<readonly UserError[]>([]);
  const [create, isCreating] = useMutationCall<newBroadcastMutation>(CREATE);
  const template = form.messageTemplates.find(({ id }) => id === values.templateId);
  const known = [...(data.broadcast?.includeSegments ?? []), ...(data.broadcast?.excludeSegments ?? []), ...(data.segment ? [data.segment] : [])];
  const input = inputOf(values, template);

  const goOn = async () => {
    if (!input) return;
    const answer = await create({ input });
    if (!answer) return;
    const { broadcast, userErrors } = answer.broadcastCreate;
    setErrors(userErrors);
    if (broadcast) void navigate({ to: "/broadcasts/$broadcastId/edit", params: { broadcastId: broadcast.id }, replace: true });
  };
  return (
    <Screen title={t.newTitle} lead={t.emptyLead}>
      <Grid gap="md">
        <Grid.Col span={{ base: 12, lg: 7 }}>
          <form
            noValidate
            onSubmit={(event) => {
              event.preventDefault();
              void goOn();
            }}
          >
            <Stack>
              <MessageFields data={form} values={values} onChange={setValues} errors={errors} onSynced={reload} />
              <AudienceFields values={values} known={known.map(segmentOption)} onChange={setValues} errors={errors} />
              <Group justify="space-between">
                <Text size="sm" c="dimmed">
                  {t.continueHint}
                </Text>
                <Button type="submit" loading={isCreating} disabled={!input || !values.name.trim() || values.include.length === 0}>
                  {t.continue}
                </Button>
              </Group>
            </Stack>
          </form>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 5 }}>
          <PreviewCard template={template} values={values} />
        </Grid.Col>
      </Grid>
    </Screen>
  );
}

function firstValues({ broadcast, segment }: newBroadcastQuery$data, copyOf: (name: string) => string): DraftValues {
  if (!broadcast) return { ...EMPTY_DRAFT, include: segment ? [segment.id] : [] };
  return { ...draftValuesOf(broadcast), name: copyOf(broadcast.name) };
}
