import { Card, CloseButton, Group, SimpleGrid, Stack, Text } from "@mantine/core";
import { useState } from "react";

import { PartHead } from "../../components/part_head";
import { PathLink } from "../../components/path_link";
import { useViewer } from "../../session/session";
import { useTexts } from "../../texts/texts";
import { closeTour, isTourShown, tourSteps } from "./tour_shown";

/** Where to look first in the demo workspace. Closed once, it stays closed in this browser. */
export function Tour() {
  const texts = useTexts();
  const t = texts.home.tour;
  const viewer = useViewer();
  const [isClosed, setClosed] = useState(() => !isTourShown(viewer, texts));
  if (isClosed) return null;
  const close = () => {
    closeTour();
    setClosed(true);
  };
  return (
    <Card withBorder padding="md" component="section" aria-label={t.title}>
      <Group justify="space-between" wrap="nowrap" align="flex-start" mb="sm">
        <PartHead title={t.title} lead={t.lead} />
        <CloseButton aria-label={t.close} onClick={close} />
      </Group>
      <SimpleGrid cols={{ base: 1, xs: 2, lg: 4 }} component="ol" m={0} p={0} style={{ listStyle: "none" }}>
        {tourSteps(viewer, texts).map((step, index) => (
          <Stack key={step.path} gap={2} component="li">
            <PathLink path={step.path} fw={600} size="sm">
              {index + 1}. {step.title}
            </PathLink>
            <Text size="sm" c="dimmed">
              {step.text}
            </Text>
          </Stack>
        ))}
      </SimpleGrid>
    </Card>
  );
}
