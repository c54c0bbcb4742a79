import { Button, Card, Group, Stack, Text } from "@mantine/core";
import { IconPlayerSkipForward } from "@tabler/icons-react";
import { useState } from "react";
import { graphql } from "react-relay";

import { confirm } from "../../../components/confirm";
import { notifyDone, notifyRefusal } from "../../../components/notify";
import { useMoments } from "../../../format/use_moments";
import { useMutationCall } from "../../../relay/commit";
import { useMay } from "../../../session/session";
import { useTexts } from "../../../texts/texts";
import type { testClockAdvanceMutation } from "../../../__generated__/testClockAdvanceMutation.graphql";
import type { testClockEndMutation } from "../../../__generated__/testClockEndMutation.graphql";
import { DurationInput } from "../fields";
import { afterDuration } from "./after_duration";
import type { TestRun } from "./test_run";

const ADVANCE = graphql`
  mutation testClockAdvanceMutation($id: ID!, $to: DateTime!) {
    workflowTestAdvance(id: $id, to: $to) {
      workflow {
        ...testRun_workflow @relay(mask: false)
      }
      userErrors {
        message
      }
    }
  }
`;

const END = graphql`
  mutation testClockEndMutation($id: ID!) {
    workflowTestEnd(id: $id) {
      workflow {
        ...testRun_workflow @relay(mask: false)
      }
      userErrors {
        message
      }
    }
  }
`;

/** Where the clock of a test stands, and what moves it on or ends the test. */
export function TestClock({ workflowId, run }: { workflowId: string; run: TestRun }) {
  const t = useTexts().workflows.testing;
  const { moment } = useMoments();
  const mayWrite = useMay("WORKFLOW_WRITE");
  const [duration, setDuration] = useState<string | null>("P1D");
  const [advance, busy] = useMutationCall<testClockAdvanceMutation>(ADVANCE);
  const by = duration ? afterDuration(run.clock, duration) : null;
  const goTo = async (to: string) => {
    const answer = await advance({ id: workflowId, to });
    if (answer) notifyRefusal(answer.workflowTestAdvance.userErrors);
  };
  return (
    <Card withBorder>
      <Group justify="space-between" align="flex-start" gap="lg">
        <Stack gap={2} role="status">
          <Text size="xs" c="dimmed">
            {t.clock}
          </Text>
          <Text component="time" dateTime={run.clock} fw={650} size="xl">
            {moment(run.clock)}
          </Text>
          <Text size="sm">{run.nextAt ? t.next(moment(run.nextAt)) : t.nothingDue}</Text>
          <Text size="xs" c="dimmed">
            {run.sends ? t.sendsToPhone : t.sendsNowhere}
          </Text>
        </Stack>
        {mayWrite && (
          <Stack gap="sm" align="flex-start">
            <Button
              variant="light"
              leftSection={<IconPlayerSkipForward size={16} />}
              loading={busy}
              disabled={!run.nextAt}
              onClick={() => run.nextAt && void goTo(run.nextAt)}
            >
              {t.toNext}
            </Button>
            <Group align="flex-end" gap="xs">
              <DurationInput label={t.by} value={duration} onChange={setDuration} />
              <Button variant="default" loading={busy} disabled={!by} onClick={() => by && void goTo(by)}>
                {t.goOn}
              </Button>
            </Group>
            <EndButton workflowId={workflowId} run={run} />
          </Stack>
        )}
      </Group>
    </Card>
  );
}

function EndButton({ workflowId, run }: { workflowId: string; run: TestRun }) {
  const t = useTexts().workflows.testing;
  const [end, busy] = useMutationCall<testClockEndMutation>(END);
  const inside = run.enrollments.filter((each) => each.state !== "ENDED").length;
  const ask = async () => {
    if (!(await confirm({ title: t.end, children: t.endConfirm(inside), action: t.end }))) return;
    const answer = await end({ id: workflowId });
    if (!answer || notifyRefusal(answer.workflowTestEnd.userErrors)) return;
    notifyDone(t.ended);
  };
  return (
    <Button variant="light" color="red" size="compact-sm" loading={busy} onClick={() => void ask()}>
      {t.end}
    </Button>
  );
}
