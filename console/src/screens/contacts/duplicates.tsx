import { Button, Card, Group, Loader, Stack, Text, Title } from "@mantine/core";
import { IconGitMerge } from "@tabler/icons-react";
import { useCallback, useState } from "react";
import { graphql } from "relay-runtime";

import { LinkTo } from "../../components/link";
import { Moment } from "../../components/moment";
import { messageOf, notifyDone } from "../../components/notify";
import { Screen } from "../../components/screen";
import { useKit } from "../../components/use_kit";
import { formatShare } from "../../format/numbers";
import { useMutationCall } from "../../relay/commit";
import { useReturn } from "../../relay/live";
import { usePages } from "../../relay/pages";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { duplicatesDismissMutation } from "../../__generated__/duplicatesDismissMutation.graphql";
import type { duplicatesQuery, duplicatesQuery$data } from "../../__generated__/duplicatesQuery.graphql";
import classes from "./duplicates.module.css";
import { Lead, NoPairs } from "./duplicates_first_view";
import { MergePanel } from "./merge_panel";
import { Reasons } from "./reasons";
import { duplicatesRoute } from "./routes";

const QUERY = graphql`
  query duplicatesQuery($after: String) {
    duplicateContacts(first: 50, after: $after) {
      nodes {
        likeness
        reasons
        a {
          id
          name
          email
          phone
          createdAt
        }
        b {
          id
          name
          email
          phone
          createdAt
        }
      }
      searchedAt
      isSearching
      pageInfo {
        endCursor
        hasNextPage
      }
    }
  }
`;

const DISMISS = graphql`
  mutation duplicatesDismissMutation($a: ID!, $b: ID!) {
    duplicateDismiss(a: $a, b: $b) {
      userErrors {
        message
      }
    }
  }
`;

type Pair = duplicatesQuery$data["duplicateContacts"]["nodes"][number];
type Person = Pair["a"];

/** Pairs of contacts that may be one person, and the merge of two that are. */
export function Duplicates() {
  const kit = useKit();
  const texts = kit.t;
  const t = texts.contacts.duplicates;
  const { keep, merge } = duplicatesRoute.useSearch();
  const navigate = duplicatesRoute.useNavigate();
  const [searched, setSearched] = useState<{ at: string | null | undefined; isSearching: boolean } | null>(null);
  const pages = usePages<duplicatesQuery, Pair>(QUERY, {}, ({ duplicateContacts }) => {
    setSearched({ at: duplicateContacts.searchedAt, isSearching: duplicateContacts.isSearching });
    return { rows: duplicateContacts.nodes, ...duplicateContacts.pageInfo };
  });
  useReturn(pages.again);
  const [gone, setGone] = useState<ReadonlySet<string>>(new Set());
  const hide = useCallback((pair: string) => setGone((before) => new Set(before).add(pair)), []);
  const shown = pages.rows.filter((pair) => !gone.has(nameOf(pair)));

  if (keep) {
    return (
      <MergePanel
        keep={keep}
        merge={merge ?? null}
        onChoose={(next) => void navigate({ search: next, replace: true })}
        onClose={() => void navigate({ search: {} })}
        onDone={() => {
          void navigate({ search: {} });
          pages.again();
        }}
        onUndone={pages.again}
      />
    );
  }
  return (
    <Screen
      title={t.title}
      lead={<Lead kit={kit} />}
      actions={
        searched && (
          <Text size="sm" c="dimmed" role="status">
            {searched.isSearching ? t.searching : t.searched}{" "}
            {searched.at && !searched.isSearching && <Moment at={searched.at} inherit span />}{" "}
            <Button size="compact-sm" variant="subtle" onClick={pages.again}>
              {t.look}
            </Button>
          </Text>
        )
      }
    >
      {pages.error && (
        <Text c="red" role="alert">
          {messageOf(pages.error)}{" "}
          <Button size="compact-sm" variant="light" onClick={pages.again}>
            {texts.common.tryAgain}
          </Button>
        </Text>
      )}
      {!pages.isFirst && shown.length === 0 && !pages.hasMore && <NoPairs kit={kit} />}
      <Stack gap="sm" component="ul" m={0} p={0} style={{ listStyle: "none" }}>
        {shown.map((pair) => (
          <PairCard key={nameOf(pair)} pair={pair} onDismissed={() => hide(nameOf(pair))} />
        ))}
      </Stack>
      {pages.isLoading && <Loader size="sm" aria-label={texts.common.loading} />}
      {pages.hasMore && !pages.isLoading && (
        <Group>
          <Button variant="default" onClick={pages.more}>
            {t.more}
          </Button>
        </Group>
      )}
    </Screen>
  );
}

function nameOf({ a, b }: Pair): string {
  return `${a.id} ${b.id}`;
}

function PairCard({ pair, onDismissed }: { pair: Pair; onDismissed: () => void }) {
  const texts = useTexts();
  const t = texts.contacts.duplicates;
  const mayWrite = useMay("CONTACT_WRITE");
  const navigate = duplicatesRoute.useNavigate();
  const [dismiss, busy] = useMutationCall<duplicatesDismissMutation>(DISMISS);
  const { a, b, reasons, likeness } = pair;
  const nameA = a.name ?? a.email ?? a.phone ?? texts.contacts.nameless;
  const nameB = b.name ?? b.email ?? b.phone ?? texts.contacts.nameless;
  const apart = async () => {
    const answer = await dismiss({ a: a.id, b: b.id });
    if (!answer) return;
    notifyDone(answer.duplicateDismiss.userErrors[0]?.message ?? t.dismissed(nameA, nameB));
    if (answer.duplicateDismiss.userErrors.length === 0) onDismissed();
  };
  return (
    <Card component="li" withBorder padding="sm">
      <Group justify="space-between" gap="xs" mb="xs">
        <div>
          <Title order={2} size="h6">
            {t.alike(formatShare(likeness))}
          </Title>
          <Reasons reasons={reasons} />
        </div>
        {mayWrite && (
          <Group gap={6}>
            <Button
              size="compact-sm"
              variant="light"
              leftSection={<IconGitMerge size={14} />}
              aria-label={t.compareOf(nameA, nameB)}
              onClick={() => void navigate({ search: { keep: a.id, merge: b.id } })}
            >
              {t.compare}
            </Button>
            <Button size="compact-sm" variant="default" loading={busy} aria-label={t.dismissOf(nameA, nameB)} onClick={() => void apart()}>
              {t.dismiss}
            </Button>
          </Group>
        )}
      </Group>
      <div className={classes.pair}>
        <PersonSide person={a} name={nameA} />
        <PersonSide person={b} name={nameB} />
      </div>
    </Card>
  );
}

function PersonSide({ person, name }: { person: Person; name: string }) {
  const t = useTexts().contacts;
  return (
    <div className={classes.side}>
      <LinkTo to="/contacts/$contactId" params={{ contactId: person.id }} fw={600}>
        {name}
      </LinkTo>
      <Text size="sm">{person.email ?? "–"}</Text>
      <Text size="sm">{person.phone ?? "–"}</Text>
      <Text size="xs" c="dimmed">
        {t.page.created} <Moment at={person.createdAt} inherit span />
      </Text>
    </div>
  );
}
