import { Alert, Button, Card, Radio, SimpleGrid, Stack, Table, Text, Title, VisuallyHidden } from "@mantine/core";
import { IconArrowsLeftRight, IconGitMerge } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { graphql } from "relay-runtime";

import { ContactSelect } from "../../components/contact_select";
import { LinkTo } from "../../components/link";
import { messageOf } from "../../components/notify";
import { Screen } from "../../components/screen";
import { formatNumber } from "../../format/numbers";
import { useRead } from "../../relay/read";
import { useMay, useViewer } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { mergePanelQuery, mergePanelQuery$data } from "../../__generated__/mergePanelQuery.graphql";
import type { DuplicatesSearch } from "./duplicates_search";
import { useLabels } from "./labels";
import { isSame } from "./field_definitions";
import { useMerge } from "./use_merge";
import { actualText } from "./actual";
import { fieldLabel, isChosen } from "./field_label";

const QUERY = graphql`
  query mergePanelQuery($keepId: ID!, $mergeId: ID!, $choices: [MergeChoiceInput!], $withSegments: Boolean!) {
    keep: contact(id: $keepId) {
      id
      name
      email
      phone
    }
    merge: contact(id: $mergeId) {
      id
      name
      email
      phone
    }
    contactsMergePreview(keepId: $keepId, mergeId: $mergeId, choices: $choices) {
      blocked
      activities
      fields {
        field
        kept
        merged
        result
      }
      entering @include(if: $withSegments) {
        id
        name
      }
      leaving @include(if: $withSegments) {
        id
        name
      }
    }
  }
`;

type Person = NonNullable<mergePanelQuery$data["keep"]>;
type Segments = NonNullable<mergePanelQuery$data["contactsMergePreview"]["entering"]>;

/** Two contacts side by side: what each has, which value survives, and what the merge will do. */
export function MergePanel({
  keep,
  merge,
  onChoose,
  onClose,
  onDone,
  onUndone,
}: {
  keep: string;
  merge: string | null;
  onChoose: (next: DuplicatesSearch) => void;
  onClose: () => void;
  onDone: () => void;
  onUndone: () => void;
}) {
  const texts = useTexts();
  const t = texts.contacts.merge;
  const withSegments = useMay("SEGMENT_READ");
  const mayWrite = useMay("CONTACT_WRITE");
  const zone = useViewer().workspace.timezone;
  const labels = useLabels(true);
  const [taken, setTaken] = useState<ReadonlySet<string>>(new Set());
  const choices = [...taken].map((field) => ({ field, takeMerged: true }));
  const { data, error, isLoading } = useRead<mergePanelQuery>(QUERY, merge ? { keepId: keep, mergeId: merge, choices, withSegments } : null);
  const [mergeNow, busy] = useMerge(onDone, onUndone);
  const heading = useRef<HTMLDivElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const preview = data?.contactsMergePreview;
  const nameOf = (person: Person | null | undefined) => person?.name ?? person?.email ?? person?.phone ?? texts.contacts.nameless;
  const names = { keep: nameOf(data?.keep), merge: nameOf(data?.merge) };
  const shown = (field: string, value: unknown) => {
    const consents: Readonly<Record<string, string>> = texts.contacts.consents;
    return field === "whatsappConsent" && typeof value === "string" ? (consents[value] ?? value) : actualText(value, "–", zone);
  };
  const choose = (field: string, isTaken: boolean) =>
    setTaken((before) => {
      const next = new Set(before);
      if (isTaken) next.add(field);
      else next.delete(field);
      return next;
    });

  return (
    <Screen
      title={
        <div ref={heading} tabIndex={-1}>
          {t.title}
        </div>
      }
      lead={t.lead}
      actions={
        <>
          <Button variant="default" onClick={onClose}>
            {texts.common.cancel}
          </Button>
          {merge && (
            <Button
              variant="default"
              leftSection={<IconArrowsLeftRight size={16} />}
              onClick={() => {
                setTaken(new Set());
                onChoose({ keep: merge, merge: keep });
              }}
            >
              {t.swap}
            </Button>
          )}
          {mayWrite && merge && (
            <Button
              leftSection={<IconGitMerge size={16} />}
              loading={busy}
              disabled={!preview || preview.blocked.length > 0 || isLoading}
              onClick={() => void mergeNow(keep, merge, choices)}
            >
              {t.submit}
            </Button>
          )}
        </>
      }
    >
      {!merge && (
        <Card withBorder maw={480}>
          <ContactSelect
            label={t.other}
            placeholder={texts.contacts.search}
            value={null}
            onChange={(other) => other && other.id !== keep && onChoose({ keep, merge: other.id })}
          />
        </Card>
      )}
      {error && (
        <Alert color="red" role="alert">
          {messageOf(error)}
        </Alert>
      )}
      {preview && (
        <Stack gap="md">
          {preview.blocked.map((reason) => (
            <Alert key={reason} color="red" role="alert" title={t.blocked}>
              {reason}
            </Alert>
          ))}
          <Card withBorder padding="sm">
            <Title order={2} size="h5" mb="xs">
              {t.values}
            </Title>
            {preview.fields.length === 0 && <Text size="sm">{t.same}</Text>}
            {preview.fields.length > 0 && (
              <Table.ScrollContainer minWidth={760} scrollAreaProps={{ viewportProps: { tabIndex: 0, "aria-label": t.values, role: "region" } }}>
                <Table verticalSpacing="xs" layout="fixed">
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th scope="col" w={150}>
                        {t.field}
                      </Table.Th>
                      <Table.Th scope="col">
                        <PersonHead person={data?.keep} name={names.keep} note={t.goesOn} />
                      </Table.Th>
                      <Table.Th scope="col">
                        <PersonHead person={data?.merge} name={names.merge} note={t.isMerged} />
                      </Table.Th>
                      <Table.Th scope="col">{t.result}</Table.Th>
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {preview.fields.map(({ field, kept, merged, result }) => {
                      const label = fieldLabel(field, labels, texts);
                      return (
                        <Table.Tr key={field}>
                          <Table.Th scope="row" fw={550}>
                            {label}
                          </Table.Th>
                          {[false, true].map((isMerged) => (
                            <Table.Td key={String(isMerged)}>
                              {!isChosen(field) && shown(field, isMerged ? merged : kept)}
                              {isChosen(field) && (
                              <Radio
                                name={`merge ${field}`}
                                label={shown(field, isMerged ? merged : kept)}
                                aria-label={t.choose(label, isMerged ? names.merge : names.keep, shown(field, isMerged ? merged : kept))}
                                checked={(taken.has(field) || (isSame(result, merged) && !isSame(result, kept))) === isMerged}
                                onChange={() => choose(field, isMerged)}
                              />
                              )}
                            </Table.Td>
                          ))}
                          <Table.Td>
                            <Text size="sm" fw={600} component="span">
                              {shown(field, result)}
                            </Text>
                          </Table.Td>
                        </Table.Tr>
                      );
                    })}
                  </Table.Tbody>
                </Table>
              </Table.ScrollContainer>
            )}
          </Card>
          <Card withBorder padding="sm" aria-busy={isLoading}>
            <Title order={2} size="h5" mb="xs">
              {t.effects}
            </Title>
            <Text size="sm">{t.activities(formatNumber(preview.activities), preview.activities, names.keep)}</Text>
            <Text size="sm">{t.undoable}</Text>
            {withSegments && (
              <SimpleGrid cols={{ base: 1, sm: 2 }} mt="xs">
                <SegmentList title={t.entering(names.keep)} segments={preview.entering ?? []} />
                <SegmentList title={t.leaving(names.keep)} segments={preview.leaving ?? []} />
              </SimpleGrid>
            )}
          </Card>
        </Stack>
      )}
      <VisuallyHidden role="status">{isLoading && merge ? texts.common.loading : ""}</VisuallyHidden>
    </Screen>
  );
}

function PersonHead({ person, name, note }: { person: Person | null | undefined; name: string; note: string }) {
  return (
    <>
      {person && (
        <LinkTo to="/contacts/$contactId" params={{ contactId: person.id }} inherit>
          {name}
        </LinkTo>
      )}
      <Text size="xs" c="dimmed" fw={400}>
        {note}
      </Text>
    </>
  );
}

function SegmentList({ title, segments }: { title: string; segments: Segments }) {
  const { common } = useTexts();
  return (
    <div>
      <Title order={3} size="h6">
        {title}
      </Title>
      <Text size="sm" c={segments.length === 0 ? "dimmed" : undefined}>
        {segments.map(({ name }) => name).join(", ") || common.none}
      </Text>
    </div>
  );
}
