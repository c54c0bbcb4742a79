import { Card, Group, Title } from "@mantine/core";
import type { ReactNode } from "react";

import { PathLink } from "../../components/path_link";

/** A part of the first screen: its title, a way to all of it, and the newest of it. */
export function HomeCard({ title, all, children }: { title: string; all?: { path: string; label: string }; children: ReactNode }) {
  return (
    <Card withBorder padding="md" component="section" aria-label={title}>
      <Group justify="space-between" mb="sm">
        <Title order={2} size="h5">
          {title}
        </Title>
        {all && (
          <PathLink path={all.path} size="sm">
            {all.label}
          </PathLink>
        )}
      </Group>
      {children}
    </Card>
  );
}
