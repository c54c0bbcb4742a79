import { ActionIcon, Grid, Menu, Stack, Tabs, Text } from "@mantine/core";
import { IconActivity, IconDots, IconDownload, IconTrash, IconUserOff } from "@tabler/icons-react";
import { Navigate, notFound } from "@tanstack/react-router";
import { useState } from "react";
import { graphql, useRelayEnvironment } from "react-relay";

import { DrawnAfter } from "../../components/drawn_after";
import { Screen } from "../../components/screen";
import { ScreenPart } from "../../components/screen_part";
import { TabStrip } from "../../components/tab_strip";
import { useKit } from "../../components/use_kit";
import { formatNumber } from "../../format/numbers";
import { useScreenQuery } from "../../relay/screen_query";
import { useMay } from "../../session/session";
import type { contactPageQuery } from "../../__generated__/contactPageQuery.graphql";
import { ActivityForm } from "./activity_form";
import { ConsentCard } from "./consent_card";
import { Lead, titleOf } from "./contact_first_view";
import { ContactFields } from "./contact_fields";
import { ContactIdentity } from "./contact_identity";
import { ContactScores } from "./contact_scores";
import { ContactSegments } from "./contact_segments";
import { ContactWorkflows } from "./contact_workflows";
import { downloadPerson } from "./download_person";
import { EraseForm } from "./erase_form";
import { TABS, type PageSearch, type Tab } from "./page_search";
import { contactRoute } from "./routes";
import { Timeline } from "./timeline";
import { useDelete } from "./use_delete";
import { timelineLists } from "./use_timeline";
import { useLiveContact } from "./use_live_contact";

const QUERY = graphql`
  query contactPageQuery(
    $id: ID!
    $withActivities: Boolean!
    $withChanges: Boolean!
    $withSegments: Boolean!
    $withWorkflows: Boolean!
  ) {
    contact(id: $id) {
      id
      name
      email
      phone
      anonymous
      createdAt
      updatedAt
      score
      newest: activities(first: 5) @skip(if: $withActivities) {
        nodes {
          id
        }
      }
      newestChange: membershipHistory(first: 1) @skip(if: $withChanges) @include(if: $withSegments) {
        nodes {
          cursor
        }
      }
      ...useTimeline_lists @arguments(withActivities: $withActivities, withChanges: $withChanges)
      segments(first: 1) @include(if: $withSegments) {
        totalCount
      }
      enrollments(first: 1, inside: true) @include(if: $withWorkflows) {
        totalCount
      }
      ...contactFields_contact
      ...consentCard_contact
    }
    contactFields {
      id
      key
      label
      type
      choices
    }
  }
`;

/** One contact: what is known of it, what it did, and where it is. */
export function ContactPage() {
  const kit = useKit();
  const texts = kit.t;
  const t = texts.contacts.page;
  const { contactId } = contactRoute.useParams();
  const search = contactRoute.useSearch();
  const navigate = contactRoute.useNavigate();
  const environment = useRelayEnvironment();
  const withSegments = useMay("SEGMENT_READ");
  const withWorkflows = useMay("WORKFLOW_READ");
  const mayWrite = useMay("CONTACT_WRITE");
  const mayRecord = useMay("ACTIVITY_WRITE");
  const mayExport = useMay("CONTACT_EXPORT");
  const [withActivities] = useState((search.tab ?? "timeline") === "timeline" && search.show === undefined && search.kind === undefined);
  const [{ contact, contactFields }, reload] = useScreenQuery<contactPageQuery>(QUERY, {
    id: contactId,
    withActivities,
    withChanges: withActivities && withSegments,
    withSegments,
    withWorkflows,
  });
  const remove = useDelete();
  const [turn, setTurn] = useState(0);
  const changed = () => setTurn((before) => before + 1);
  const lists = contact ? timelineLists(contact) : null;
  useLiveContact(contact && lists ? { ...contact, ...lists } : null, changed, reload);
  if (!contact || !lists) throw notFound();
  if (contact.id !== contactId) return <Navigate to="/contacts/$contactId" params={{ contactId: contact.id }} search={search} replace />;

  const change = (next: Partial<PageSearch>, replace = true) => void navigate({ search: (before: PageSearch) => ({ ...before, ...next }), replace });
  const name = titleOf(texts, contact);
  const segments = contact.segments?.totalCount;
  const inside = contact.enrollments?.totalCount;
  const offered: Record<Tab, boolean> = {
    timeline: true,
    segments: withSegments,
    scores: withSegments,
    workflows: withWorkflows,
    identity: true,
  };
  const tabs = TABS.filter((each) => offered[each]);
  const tab = tabs.find((each) => each === search.tab) ?? "timeline";
  const counts: Partial<Record<Tab, number>> = { segments, workflows: inside };
  const close = () => change({ panel: undefined });

  return (
    <Screen
      title={name}
      lead={<Lead kit={kit} contact={contact} />}
      actions={
        (mayWrite || mayRecord || mayExport) && (
          <Menu position="bottom-end" withinPortal>
            <Menu.Target>
              <ActionIcon variant="default" size="lg" aria-label={t.actions(name)}>
                <IconDots size={18} />
              </ActionIcon>
            </Menu.Target>
            <DrawnAfter>
              <Menu.Dropdown>
                {mayRecord && (
                  <Menu.Item leftSection={<IconActivity size={16} />} onClick={() => change({ panel: "activity" }, false)}>
                    {t.activity.open}
                  </Menu.Item>
                )}
                {mayExport && (
                  <Menu.Item
                    leftSection={<IconDownload size={16} />}
                    onClick={() => void downloadPerson(environment, contact.id, name)}
                  >
                    {t.download}
                  </Menu.Item>
                )}
                {mayWrite && (
                  <>
                    <Menu.Divider />
                    <Menu.Item
                      color="red"
                      leftSection={<IconTrash size={16} />}
                      onClick={() => void remove({ id: contact.id, name, segments, inside })}
                    >
                      {t.delete.open}
                    </Menu.Item>
                    <Menu.Item color="red" leftSection={<IconUserOff size={16} />} onClick={() => change({ panel: "erase" }, false)}>
                      {t.erase.open}
                    </Menu.Item>
                  </>
                )}
              </Menu.Dropdown>
            </DrawnAfter>
          </Menu>
        )
      }
    >
      <Grid gap="md">
        <Grid.Col span={{ base: 12, md: 5, lg: 4 }}>
          <Stack gap="md">
            <ContactFields contact={contact} fields={contactFields} />
            <ConsentCard contact={contact} />
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 7, lg: 8 }}>
          <Tabs
            value={tab}
            onChange={(next) => change({ tab: next === "timeline" ? undefined : tabs.find((each) => each === next) })}
            keepMounted={false}
          >
            <TabStrip shown={tab} mb="md">
              {tabs.map((each) => (
                <Tabs.Tab key={each} value={each} rightSection={<Count of={counts[each]} />}>
                  {t.tabs[each]}
                </Tabs.Tab>
              ))}
            </TabStrip>
            <Tabs.Panel value="timeline">
              <Timeline contactId={contact.id} search={search} change={change} turn={turn} given={lists} />
            </Tabs.Panel>
            <Tabs.Panel value="segments">
              <ScreenPart>
                <ContactSegments contactId={contact.id} turn={turn} name={name} why={search.why} onWhy={(why) => change({ why })} />
              </ScreenPart>
            </Tabs.Panel>
            <Tabs.Panel value="scores">
              <ScreenPart>
                <ContactScores contactId={contact.id} turn={turn} />
              </ScreenPart>
            </Tabs.Panel>
            <Tabs.Panel value="workflows">
              <ScreenPart>
                <ContactWorkflows contactId={contact.id} turn={turn} />
              </ScreenPart>
            </Tabs.Panel>
            <Tabs.Panel value="identity">
              <ScreenPart>
                <ContactIdentity contactId={contact.id} onChanged={reload} />
              </ScreenPart>
            </Tabs.Panel>
          </Tabs>
        </Grid.Col>
      </Grid>
      <DrawnAfter>
        {mayRecord && <ActivityForm contactId={contact.id} opened={search.panel === "activity"} onClose={close} onRecorded={changed} />}
        {mayWrite && (
          <EraseForm contactId={contact.id} name={name} segments={segments} inside={inside} opened={search.panel === "erase"} onClose={close} />
        )}
      </DrawnAfter>
    </Screen>
  );
}

function Count({ of }: { of: number | undefined }) {
  return of ? (
    <Text size="xs" c="dimmed" component="span">
      {formatNumber(of)}
    </Text>
  ) : null;
}
