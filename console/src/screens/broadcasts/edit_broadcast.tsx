import { Grid, Stack } from "@mantine/core";
import { Navigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { useRelayEnvironment } from "react-relay";
import { fetchQuery, graphql, type Subscription } from "relay-runtime";

import { NotFound } from "../../app/failures";
import { Screen } from "../../components/screen";
import { useMutationCall } from "../../relay/commit";
import { useScreenQuery } from "../../relay/screen_query";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { editBroadcastAudienceQuery } from "../../__generated__/editBroadcastAudienceQuery.graphql";
import type { editBroadcastMutation } from "../../__generated__/editBroadcastMutation.graphql";
import type { editBroadcastQuery, editBroadcastQuery$data } from "../../__generated__/editBroadcastQuery.graphql";
import { AudienceFields } from "./audience_fields";
import { draftValuesOf } from "./draft_fragment";
import { inputOf, type DraftValues } from "./draft_values";
import { DraftMenu } from "./draft_menu";
import { ExclusionDrawer } from "./exclusion_list";
import { Funnel, useExclusionWords } from "./funnel";
import { MessageFields, useFormData } from "./message_fields";
import { segmentOption } from "./option_search";
import { PreviewCard } from "./preview_card";
import { editBroadcastRoute } from "./routes";
import { ScheduleCard } from "./schedule_card";
import { TestSend } from "./test_send";
import { useAutosave } from "./use_autosave";

const QUERY = graphql`
  query editBroadcastQuery($id: ID!, $mayReadContacts: Boolean!) {
    ...messageFields_query @arguments(mayReadContacts: $mayReadContacts)
    broadcast(id: $id) {
      id
      status
      ...draftFragment_broadcast @relay(mask: false)
      retryOf {
        id
      }
      ...funnel_broadcast
      ...scheduleCard_broadcast
    }
    ...scheduleCard_query
  }
`;

const SAVE = graphql`
  mutation editBroadcastMutation($id: ID!, $input: BroadcastCreateInput!) {
    broadcastUpdate(id: $id, input: $input) {
      broadcast {
        id
        name
        requireOptIn
        maxLateness
      }
      userErrors {
        code
        message
        field
      }
    }
  }
`;

const AUDIENCE = graphql`
  query editBroadcastAudienceQuery($id: ID!) {
    broadcast(id: $id) {
      ...funnel_broadcast
      ...scheduleCard_broadcast
    }
  }
`;

/** A draft: what is written saves itself, and the audience is counted again after each change. */
export function EditBroadcast() {
  const { broadcastId: id } = editBroadcastRoute.useParams();
  const mayReadContacts = useMay("CONTACT_READ");
  const [data, reload] = useScreenQuery<editBroadcastQuery>(QUERY, { id, mayReadContacts });
  const { broadcast } = data;
  if (!broadcast) return <NotFound />;
  if (broadcast.status !== "DRAFT") return <Navigate to="/broadcasts/$broadcastId" params={{ broadcastId: id }} replace />;
  return <Editor key={id} data={data} broadcast={broadcast} reload={reload} />;
}

type Draft = NonNullable<editBroadcastQuery$data["broadcast"]>;

function Editor({ data, broadcast, reload }: { data: editBroadcastQuery$data; broadcast: Draft; reload: () => void }) {
  const t = useTexts().broadcasts;
  const { id } = broadcast;
  const { excluded } = editBroadcastRoute.useSearch();
  const navigate = editBroadcastRoute.useNavigate();
  const form = useFormData(data);
  const [values, setValues] = useState<DraftValues>(() => draftValuesOf(broadcast));
  const [save] = useMutationCall<editBroadcastMutation>(SAVE);
  const [isCounting, recount] = useRecount(id);
  const isRetry = broadcast.retryOf != null;
  const words = useExclusionWords(isRetry);
  const template = form.messageTemplates.find((each) => each.id === values.templateId);
  const { saving, errors } = useAutosave(inputOf(values, template), async (input) => {
    const answer = await save({ id, input });
    if (!answer) return null;
    if (answer.broadcastUpdate.userErrors.length === 0) recount();
    return answer.broadcastUpdate.userErrors;
  });
  const known = [...broadcast.includeSegments, ...broadcast.excludeSegments].map(segmentOption);
  const show = (reason: typeof excluded) => void navigate({ search: { excluded: reason }, replace: true });
  return (
    <Screen
      title={values.name || t.editTitle}
      lead={
        <span role="status">{saving === "saved" ? t.savedDraft : saving === "saving" ? t.saving : t.notSaved}</span>
      }
      actions={<DraftMenu id={id} name={broadcast.name} />}
    >
      <Grid gap="md">
        <Grid.Col span={{ base: 12, lg: 7 }}>
          <Stack>
            <MessageFields data={form} values={values} onChange={setValues} errors={errors} isFixed={isRetry} onSynced={reload} />
            <AudienceFields values={values} known={known} onChange={setValues} errors={errors} isFixed={isRetry} />
            <TestSend id={id} isReady={saving === "saved"} />
            <ScheduleCard
              query={data}
              broadcast={broadcast}
              isReady={saving === "saved"}
              maxLateness={values.maxLateness}
              onMaxLateness={(maxLateness) => setValues({ ...values, maxLateness })}
            />
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 5 }}>
          <Stack>
            <Funnel broadcast={broadcast} onOpen={show} isCounting={isCounting || saving === "saving"} />
            <PreviewCard template={template} values={values} />
          </Stack>
        </Grid.Col>
      </Grid>
      <ExclusionDrawer id={id} reason={excluded} words={words} onClose={() => show(undefined)} />
    </Screen>
  );
}

/** Counts the audience again; a count that is still under way is given up. */
function useRecount(id: string): [boolean, () => void] {
  const environment = useRelayEnvironment();
  const running = useRef<Subscription | null>(null);
  const [isCounting, setCounting] = useState(false);
  useEffect(() => () => running.current?.unsubscribe(), []);
  const recount = () => {
    running.current?.unsubscribe();
    setCounting(true);
    running.current = fetchQuery<editBroadcastAudienceQuery>(environment, AUDIENCE, { id }, { fetchPolicy: "network-only" }).subscribe({
      complete: () => setCounting(false),
      error: () => setCounting(false),
    });
  };
  return [isCounting, recount];
}
