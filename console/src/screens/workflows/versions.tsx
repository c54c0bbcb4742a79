import { Button, Card, Group, Spoiler, Stack, Text, Title } from "@mantine/core";
import { graphql } from "react-relay";

import { confirm } from "../../components/confirm";
import { Empty } from "../../components/empty";
import { Moment } from "../../components/moment";
import { notifyDone, notifyRefusal } from "../../components/notify";
import { useMutationCall } from "../../relay/commit";
import { useScreenQuery } from "../../relay/screen_query";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { versionsQuery } from "../../__generated__/versionsQuery.graphql";
import type { versionsRestoreMutation } from "../../__generated__/versionsRestoreMutation.graphql";

const QUERY = graphql`
  query versionsQuery($id: ID!) {
    workflow(id: $id) {
      published {
        id
      }
      versions(first: 50) {
        nodes {
          id
          number
          note
          text
          inside
          publishedAt
          publishedBy {
            name
          }
        }
      }
    }
  }
`;

const RESTORE = graphql`
  mutation versionsRestoreMutation($id: ID!, $number: Int!) {
    workflowVersionRestore(id: $id, number: $number) {
      workflow {
        id
        version
        draft
        draftText
        problems {
          blocks
          nodeKey
          code
          message
        }
      }
      userErrors {
        message
      }
    }
  }
`;

/** What was published, the newest first. */
export function VersionsTab({ workflowId }: { workflowId: string }) {
  const t = useTexts().workflows.versions;
  const mayWrite = useMay("WORKFLOW_WRITE");
  const [{ workflow }] = useScreenQuery<versionsQuery>(QUERY, { id: workflowId });
  const [restore] = useMutationCall<versionsRestoreMutation>(RESTORE);
  const versions = workflow?.versions.nodes ?? [];
  if (versions.length === 0) return <Empty title={t.empty} />;
  const run = async (number: number) => {
    if (!(await confirm({ title: t.restore, children: t.restoreConfirm(number), action: t.restore }))) return;
    const answer = await restore({ id: workflowId, number });
    if (answer && !notifyRefusal(answer.workflowVersionRestore.userErrors)) notifyDone(t.restored);
  };
  return (
    <Stack>
      {versions.map((version) => (
        <Card key={version.id} withBorder>
          <Group justify="space-between" align="flex-start">
            <div>
              <Title order={2} size="h5">
                {t.number(version.number)}
                {version.id === workflow?.published?.id && ` · ${t.running}`}
              </Title>
              <Text size="sm" c="dimmed" component="div">
                <Moment at={version.publishedAt} exact /> {version.publishedBy && t.by(version.publishedBy.name)} · {t.inside(version.inside)}
              </Text>
              {version.note && <Text size="sm">{version.note}</Text>}
            </div>
            {mayWrite && (
              <Button variant="default" size="xs" onClick={() => void run(version.number)}>
                {t.restore}
              </Button>
            )}
          </Group>
          <Spoiler maxHeight={60} showLabel={t.text} hideLabel={t.text} mt="xs">
            <Text size="sm" style={{ whiteSpace: "pre-line" }}>
              {version.text}
            </Text>
          </Spoiler>
        </Card>
      ))}
    </Stack>
  );
}
