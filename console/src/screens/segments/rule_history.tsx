import { Badge, Button, Card, Code, Group, Stack, Text, Title } from "@mantine/core";
import { useState } from "react";
import { graphql } from "react-relay";

import { Moment } from "../../components/moment";
import { useReturn } from "../../relay/live";
import { usePages } from "../../relay/pages";
import { useTexts } from "../../texts/texts";
import type { ruleHistoryQuery, ruleHistoryQuery$data } from "../../__generated__/ruleHistoryQuery.graphql";
import type { ShownSegment } from "./segment_page";
import classes from "./segments.module.css";
import { wordDifference } from "./word_difference";

const QUERY = graphql`
  query ruleHistoryQuery($id: ID!, $after: String) {
    segment(id: $id) {
      ruleVersions(first: 20, after: $after) {
        nodes {
          number
          ruleText
          ruleQuery
          at
          by {
            name
          }
          entered
          left
        }
        pageInfo {
          endCursor
          hasNextPage
        }
      }
    }
  }
`;

type Version = NonNullable<ruleHistoryQuery$data["segment"]>["ruleVersions"]["nodes"][number];

/** The rules that the segment has and had: who set each, when, and what it did to the members. */
export function RuleHistory({ segment }: { segment: ShownSegment }) {
  const t = useTexts().segments;
  const pages = usePages<ruleHistoryQuery, Version>(QUERY, { id: segment.id }, ({ segment: read }) => ({
    rows: read?.ruleVersions.nodes ?? [],
    endCursor: read?.ruleVersions.pageInfo.endCursor,
    hasNextPage: read?.ruleVersions.pageInfo.hasNextPage ?? false,
  }));
  useReturn(pages.again);
  return (
    <ol className={classes.versions}>
      {pages.rows.map((version, index) => (
        <li key={version.number}>
          <OneVersion version={version} before={pages.rows[index + 1]} isNow={index === 0} />
        </li>
      ))}
      {pages.hasMore && (
        <li>
          <Button variant="light" size="compact-sm" loading={pages.isLoading} onClick={pages.more}>
            {t.olderVersions}
          </Button>
        </li>
      )}
    </ol>
  );
}

function OneVersion({ version, before, isNow }: { version: Version; before: Version | undefined; isNow: boolean }) {
  const t = useTexts().segments;
  const [isOpen, setOpen] = useState(false);
  const { entered, left } = version;
  const hasEffect = entered !== null && entered !== undefined && left !== null && left !== undefined;
  const text = version.ruleQuery;
  const canCompare = typeof text === "string" && typeof before?.ruleQuery === "string";
  return (
    <Card withBorder padding="md">
      <Stack gap="xs">
        <Group justify="space-between" gap="xs">
          <Group gap="xs">
            <Title order={2} size="h5">
              {t.versionNumber(version.number)}
            </Title>
            {isNow && (
              <Badge variant="light" radius="sm" tt="none">
                {t.now}
              </Badge>
            )}
          </Group>
          <Text size="xs" c="dimmed" component="div">
            <Moment at={version.at} /> {version.by ? t.versionBy(version.by.name) : t.versionBySystem}
          </Text>
        </Group>
        <Text size="sm">{hasEffect ? t.versionEffect(entered, left) : t.versionNoEffect}</Text>
        {version.ruleText && <Text size="sm">{version.ruleText}</Text>}
        {isOpen && canCompare ? (
          <Difference before={before.ruleQuery ?? ""} after={text} />
        ) : (
          <Code block>{text ?? t.noText}</Code>
        )}
        {canCompare && (
          <Button variant="subtle" size="compact-sm" aria-expanded={isOpen} className={classes.start} onClick={() => setOpen(!isOpen)}>
            {isOpen ? t.hideDifference : t.showDifference}
          </Button>
        )}
      </Stack>
    </Card>
  );
}

function Difference({ before, after }: { before: string; after: string }) {
  const t = useTexts().segments;
  const words = { added: t.addedLine, removed: t.removedLine };
  return (
    <Code block aria-label={t.differenceLabel} className={classes.difference}>
      {wordDifference(before, after).map(({ is, text }, index) => {
        // eslint-disable-next-line react/no-array-index-key -- two stretches may be the same text
        if (is === "same") return <span key={index}>{text}</span>;
        const Tag = is === "added" ? "ins" : "del";
        return (
          // eslint-disable-next-line react/no-array-index-key -- as above
          <Tag key={index} title={words[is]}>
            {text}
          </Tag>
        );
      })}
    </Code>
  );
}
