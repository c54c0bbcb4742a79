import { Alert, Card, Group, SimpleGrid, Stack, Title } from "@mantine/core";
import { graphql } from "relay-runtime";

import { Cut } from "../../components/cut";
import { LinkTo } from "../../components/link";
import { Screen } from "../../components/screen";
import { useKit } from "../../components/use_kit";
import { usePoll, useScreenQuery } from "../../relay/screen_query";
import { useAllContacts } from "../../session/all_contacts";
import { useMay } from "../../session/session";
import type { scoreListQuery } from "../../__generated__/scoreListQuery.graphql";
import { LevelBar } from "./level_bar";
import { Create, NoScores } from "./score_first_view";
import { ScoreStatus } from "./score_status";
import { scoresRoute } from "./routes";

const QUERY = graphql`
  query scoreListQuery {
    scoreModels(first: 50) {
      nodes {
        id
        key
        name
        description
        status
        text
        levels {
          name
          from
          contactCount
        }
      }
    }
  }
`;

const WHILE_BUILDING_MS = 2_000;
const EVERY_MS = 30_000;

/** All scores of the workspace, each with who has which level; those that are being computed move by themselves. */
export function ScoreList() {
  const kit = useKit();
  const t = kit.t.scores;
  const mayWrite = useMay("SEGMENT_WRITE");
  const [{ scoreModels }] = useScreenQuery<scoreListQuery>(QUERY, {});
  const contactCount = useAllContacts({ isWanted: scoreModels.nodes.some(({ levels }) => levels.length > 0) });
  const isBuilding = scoreModels.nodes.some(({ status }) => status === "BUILDING");
  usePoll<scoreListQuery>(QUERY, {}, isBuilding ? WHILE_BUILDING_MS : EVERY_MS);
  return (
    <Screen title={t.title} lead={t.lead} actions={scoreModels.nodes.length > 0 && mayWrite && <Create kit={kit} />}>
      {scoreModels.nodes.length === 0 ? (
        <NoScores kit={kit} mayWrite={mayWrite} />
      ) : (
        <SimpleGrid cols={{ base: 1, lg: 2 }} component="ul" p={0} m={0}>
          {scoreModels.nodes.map((model) => (
            <Card key={model.id} withBorder component="li">
              <Stack gap="sm">
                <Group justify="space-between" wrap="nowrap" align="flex-start">
                  <Title order={2} size="h4" miw={0}>
                    <LinkTo from={scoresRoute.fullPath} to="/scores/$scoreModelId" params={{ scoreModelId: model.id }} inherit>
                      {model.name}
                    </LinkTo>
                  </Title>
                  <ScoreStatus status={model.status} />
                </Group>
                {model.status === "FAILED" && <Alert color="red">{t.failed}</Alert>}
                <Cut size="sm" c="dimmed" lines={4} style={{ whiteSpace: "pre-line" }}>
                  {model.description ?? model.text}
                </Cut>
                {model.levels.length > 0 && <LevelBar levels={model.levels} total={contactCount} />}
              </Stack>
            </Card>
          ))}
        </SimpleGrid>
      )}
    </Screen>
  );
}
