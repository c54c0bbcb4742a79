import { Alert, Button, Card, Grid, Group, Stack, Text, Title } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { graphql } from "relay-runtime";

import { NotFound } from "../../app/failures";
import { confirm } from "../../components/confirm";
import { ButtonTo } from "../../components/link";
import { Moment } from "../../components/moment";
import { notifyDone } from "../../components/notify";
import { Screen } from "../../components/screen";
import { useMutationCall } from "../../relay/commit";
import { usePoll, useScreenQuery } from "../../relay/screen_query";
import { useAllContacts } from "../../session/all_contacts";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { scorePageDeleteMutation } from "../../__generated__/scorePageDeleteMutation.graphql";
import type { scorePageQuery } from "../../__generated__/scorePageQuery.graphql";
import { draftOf, inputOf } from "./definition";
import { LevelBar } from "./level_bar";
import { scoreRoute } from "./routes";
import { ScorePreview } from "./score_preview";
import { ScoreStatus } from "./score_status";

const QUERY = graphql`
  query scorePageQuery($id: ID!) {
    scoreModel(id: $id) {
      id
      key
      name
      description
      status
      definition
      text
      computedAt
      levels {
        name
        from
        contactCount
      }
    }
  }
`;

const DELETE = graphql`
  mutation scorePageDeleteMutation($id: ID!) {
    scoreModelDelete(id: $id) {
      userErrors {
        message
      }
    }
  }
`;

const WHILE_BUILDING_MS = 2_000;
const EVERY_MS = 30_000;

/** A score: who has which level, how the value is spread, and how it is made. */
export function ScorePage() {
  const t = useTexts().scores;
  const { scoreModelId: id } = scoreRoute.useParams();
  const navigate = scoreRoute.useNavigate();
  const mayWrite = useMay("SEGMENT_WRITE");
  const contactCount = useAllContacts();
  const [{ scoreModel: model }] = useScreenQuery<scorePageQuery>(QUERY, { id });
  usePoll<scorePageQuery>(QUERY, { id }, model?.status === "BUILDING" ? WHILE_BUILDING_MS : EVERY_MS);
  const [remove, isRemoving] = useMutationCall<scorePageDeleteMutation>(DELETE);
  if (!model) return <NotFound />;
  const input = inputOf(draftOf(model.definition));
  const ask = async () => {
    const title = t.deleteTitle(model.name);
    if (!(await confirm({ title, children: t.deleteLead(contactCount ?? 0), action: t.delete }))) return;
    const error = (await remove({ id }))?.scoreModelDelete.userErrors;
    if (!error) return;
    notifyDone(error[0]?.message ?? t.deleted);
    if (error.length === 0) void navigate({ to: "/scores" });
  };
  return (
    <Screen
      title={model.name}
      lead={
        <Group gap="xs">
          <ScoreStatus status={model.status} />
          {model.computedAt && <Moment at={model.computedAt} />}
          <span>{t.readAs(model.key)}</span>
        </Group>
      }
      actions={
        mayWrite && (
          <>
            <Button variant="default" leftSection={<IconTrash size={16} />} onClick={ask} loading={isRemoving} disabled={contactCount === null}>
              {t.delete}
            </Button>
            <ButtonTo to="/scores/$scoreModelId/edit" params={{ scoreModelId: id }}>
              {t.edit}
            </ButtonTo>
          </>
        )
      }
    >
      {model.status === "BUILDING" && (
        <Alert color="blue" role="status">
          {model.computedAt ? t.buildingNext : t.buildingFirst}
        </Alert>
      )}
      {model.status === "FAILED" && <Alert color="red">{t.failed}</Alert>}
      <Grid gap="md">
        <Grid.Col span={{ base: 12, lg: 6 }}>
          <Stack>
            <Card withBorder>
              <Title order={2} size="h4" mb="sm">
                {t.levels}
              </Title>
              {model.levels.length > 0 ? (
                <LevelBar levels={model.levels} total={contactCount} />
              ) : (
                <Text size="sm" c="dimmed">
                  {t.noLevels}
                </Text>
              )}
            </Card>
            <Card withBorder>
              <Title order={2} size="h4" mb="sm">
                {t.definition}
              </Title>
              {model.description && (
                <Text size="sm" mb="xs">
                  {model.description}
                </Text>
              )}
              <Text size="sm" c="dimmed" style={{ whiteSpace: "pre-wrap" }}>
                {model.text}
              </Text>
            </Card>
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 6 }}>
          <ScorePreview input={input} title={t.distribution} />
        </Grid.Col>
      </Grid>
    </Screen>
  );
}
