import { Button, Card, Group, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { graphql } from "react-relay";

import { ContactSelect, type ChosenContact } from "../../components/contact_select";
import { DataTable } from "../../components/data_table";
import { Empty } from "../../components/empty";
import { LinkTo } from "../../components/link";
import { Moment } from "../../components/moment";
import { notifyDone, notifyOfError } from "../../components/notify";
import { StatusBadge } from "../../components/status_badge";
import { ApiError } from "../../relay/api_error";
import { useMutationCall } from "../../relay/commit";
import { usePages } from "../../relay/pages";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { MembershipOverride, overridesMutation } from "../../__generated__/overridesMutation.graphql";
import type { overridesQuery, overridesQuery$data } from "../../__generated__/overridesQuery.graphql";
import { DataCell } from "../../components/table_frame";
import classes from "./segments.module.css";

const QUERY = graphql`
  query overridesQuery($id: ID!, $after: String) {
    segment(id: $id) {
      overrides(first: 100, after: $after) {
        edges {
          override
          overriddenAt
          node {
            id
            name
            email
            phone
          }
        }
        pageInfo {
          endCursor
          hasNextPage
        }
      }
    }
  }
`;

const OVERRIDE = graphql`
  mutation overridesMutation($segment: ID!, $contacts: [ID!]!, $override: MembershipOverride) {
    segmentOverride(segmentId: $segment, contactIds: $contacts, override: $override) {
      segment {
        id
        memberCount
      }
      userErrors {
        code
        message
      }
    }
  }
`;

type Edge = NonNullable<overridesQuery$data["segment"]>["overrides"]["edges"][number];
type Row = { id: string; edge: Edge };

/** Contacts that are held in the segment or out of it, whatever the rule says. */
export function Overrides({ segmentId, onChanged }: { segmentId: string; onChanged: () => void }) {
  const t = useTexts();
  const mayWrite = useMay("SEGMENT_WRITE");
  const [chosen, setChosen] = useState<ChosenContact | null>(null);
  const [override, busy] = useMutationCall<overridesMutation>(OVERRIDE);
  const pages = usePages<overridesQuery, Row>(QUERY, { id: segmentId }, ({ segment }) => ({
    rows: segment?.overrides.edges.map((edge) => ({ id: edge.node.id, edge })) ?? [],
    endCursor: segment?.overrides.pageInfo.endCursor,
    hasNextPage: segment?.overrides.pageInfo.hasNextPage ?? false,
  }));
  const set = async (contact: ChosenContact, value: MembershipOverride | null, before: MembershipOverride | null) => {
    const answer = await override({ segment: segmentId, contacts: [contact.id], override: value });
    const error = answer?.segmentOverride.userErrors[0];
    if (error) notifyOfError(new ApiError(error.code, error.message));
    if (!answer || error) return;
    setChosen(null);
    pages.again();
    onChanged();
    notifyDone(
      value ? t.segments.overrideDone[value](contact.name) : t.segments.liftDone(contact.name),
      before === null && value === null ? undefined : () => void set(contact, before, value),
    );
  };
  return (
    <div className={classes.stack}>
      <Text size="sm" c="dimmed">
        {t.segments.overridesLead}
      </Text>
      {mayWrite && (
        <Card withBorder padding="md">
          <Stack gap="sm">
            <ContactSelect label={t.segments.overrideContact} value={chosen?.id ?? null} onChange={setChosen} maw={420} />
            <Group gap="xs">
              <Button variant="light" disabled={!chosen} loading={busy} onClick={() => chosen && void set(chosen, "INCLUDE", null)}>
                {t.segments.includeAction}
              </Button>
              <Button
                variant="light"
                color="red"
                disabled={!chosen}
                loading={busy}
                onClick={() => chosen && void set(chosen, "EXCLUDE", null)}
              >
                {t.segments.excludeAction}
              </Button>
            </Group>
          </Stack>
        </Card>
      )}
      <DataTable
        label={t.segments.tabs.overrides}
        columns={[
          { key: "contact", label: t.segments.contact },
          { key: "override", label: t.segments.status, width: 140 },
          { key: "at", label: t.segments.whySince, width: 180 },
          { key: "lift", label: "", width: 160 },
        ]}
        pages={pages}
        height="calc(100dvh - 520px)"
        renderCells={({ id, edge }) => (
          <Cells
            edge={edge}
            onLift={
              mayWrite ? () => void set({ id, name: edge.node.name || t.rules.nameless }, null, edge.override) : undefined
            }
          />
        )}
        empty={<Empty title={t.segments.noOverrides} />}
      />
    </div>
  );
}

function Cells({ edge, onLift }: { edge: Edge; onLift?: () => void }) {
  const t = useTexts();
  const { node, override, overriddenAt } = edge;
  return (
    <>
      <DataCell>
        <LinkTo size="sm" to={`/contacts/${node.id}` as "/contacts"}>{node.name || node.email || node.phone || t.rules.nameless}</LinkTo>
      </DataCell>
      <DataCell>
        <StatusBadge color={override === "INCLUDE" ? "teal" : "red"}>
          {override === "INCLUDE" ? t.segments.include : t.segments.exclude}
        </StatusBadge>
      </DataCell>
      <DataCell>
        <Moment at={overriddenAt} size="sm" />
      </DataCell>
      <DataCell>
        {onLift && (
          <Button size="compact-sm" variant="subtle" onClick={onLift}>
            {t.segments.lift}
          </Button>
        )}
      </DataCell>
    </>
  );
}
