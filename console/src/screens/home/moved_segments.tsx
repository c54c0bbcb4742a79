import { Group, Stack, Text } from "@mantine/core";
import { graphql, useFragment } from "react-relay";

import { PathLink } from "../../components/path_link";
import { Sparkline } from "../../components/sparkline";
import { formatDifference, formatNumber } from "../../format/numbers";
import { useTexts } from "../../texts/texts";
import type { movedSegments_query$key } from "../../__generated__/movedSegments_query.graphql";
import { HomeCard } from "./home_card";
import classes from "./moved_segments.module.css";

/** The segments whose size changed most in a week, each with how it went. */
export function MovedSegments({ query }: { query: movedSegments_query$key }) {
  const t = useTexts().home;
  const { moved } = useFragment(
    graphql`
      fragment movedSegments_query on Query {
        moved: segments(first: 6, orderBy: MOVED_DESC) @include(if: $maySegments) {
          nodes {
            id
            name
            memberCount
            trend(days: 8)
          }
        }
      }
    `,
    query,
  );
  const segments = moved?.nodes ?? [];
  return (
    <HomeCard title={t.segments.title} all={{ path: "/segments", label: t.all }}>
      {segments.length === 0 && (
        <Text size="sm" c="dimmed">
          {t.segments.none}
        </Text>
      )}
      <Stack gap={4} component="ul" m={0} p={0} style={{ listStyle: "none" }}>
        {segments.map(({ id, name, memberCount, trend }) => {
          const change = memberCount - (trend[0] ?? memberCount);
          return (
            <li key={id} className={classes.line}>
              <PathLink path={`/segments/${id}`} size="sm" fw={600} truncate>
                {name}
              </PathLink>
              <Sparkline values={trend} label={t.segments.trend(trend[0] ?? 0, memberCount)} />
              <Group gap={6} wrap="nowrap" className={classes.numbers}>
                <Text size="sm" fw={600}>
                  {formatNumber(memberCount)}
                </Text>
                <Text size="xs" c="dimmed" title={t.segments.week}>
                  {change === 0 ? "±0" : formatDifference(change)}
                </Text>
              </Group>
            </li>
          );
        })}
      </Stack>
    </HomeCard>
  );
}
