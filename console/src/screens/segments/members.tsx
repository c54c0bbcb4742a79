import { Button, Group } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconUserMinus, IconUserPlus } from "@tabler/icons-react";
import { useEffect, useEffectEvent, useState } from "react";
import { graphql, useFragment } from "react-relay";

import { confirm } from "../../components/confirm";
import { DataTable } from "../../components/data_table";
import { Empty } from "../../components/empty";
import { LinkTo } from "../../components/link";
import { Moment } from "../../components/moment";
import { SearchInput } from "../../components/search_input";
import { useSelection } from "../../components/selection";
import { useReturn } from "../../relay/live";
import { usePages } from "../../relay/pages";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { members_member$key } from "../../__generated__/members_member.graphql";
import type { membersQuery, membersQuery$data } from "../../__generated__/membersQuery.graphql";
import { DataCell } from "../../components/table_frame";
import { AddMembers } from "./add_members";
import { segmentRoute } from "./routes";
import type { ShownSegment } from "./segment_page";
import { useMemberChange } from "./use_member_change";
import classes from "./segments.module.css";

const QUERY = graphql`
  query membersQuery($id: ID!, $search: String, $after: String) {
    segment(id: $id) {
      members(first: 100, after: $after, search: $search) {
        edges {
          node {
            id
            name
            email
            phone
          }
          ...members_member
        }
        pageInfo {
          endCursor
          hasNextPage
        }
      }
    }
  }
`;

type Edge = NonNullable<membersQuery$data["segment"]>["members"]["edges"][number];
type Row = { id: string; edge: Edge };

/** The members, a list of any length. Those of a static segment are added and taken out here. */
export function Members({ segment, reload, changes }: { segment: ShownSegment; reload: () => void; changes: number }) {
  const t = useTexts();
  const { search } = segmentRoute.useSearch();
  const navigate = segmentRoute.useNavigate();
  const mayWrite = useMay("SEGMENT_WRITE");
  const [isAdding, setAdding] = useState(false);
  const pages = usePages<membersQuery, Row>(QUERY, { id: segment.id, search }, ({ segment: read }) => ({
    rows: read?.members.edges.map((edge) => ({ id: edge.node.id, edge })) ?? [],
    endCursor: read?.members.pageInfo.endCursor,
    hasNextPage: read?.members.pageInfo.hasNextPage ?? false,
  }));
  useReturn(pages.again);
  const follow = useDebouncedCallback(() => {
    if (pages.rows.length <= 100) pages.again();
  }, 200);
  const changed = useEffectEvent(follow);
  useEffect(() => {
    if (changes > 0) changed();
  }, [changes]);

  const nameOf = (id: string) => {
    const node = pages.rows.find((row) => row.id === id)?.edge.node;
    return node?.name || node?.email || node?.phone || t.rules.nameless;
  };
  const selection = useSelection(
    pages.rows.map((row) => row.id),
    (id) => t.common.selectRow(nameOf(id)),
  );
  const [change, busy] = useMemberChange(segment.id);
  const isEditable = segment.kind === "STATIC" && mayWrite;
  const done = () => {
    selection.clear();
    pages.again();
    reload();
  };
  const takeOut = async () => {
    const { ids } = selection;
    const isSure = await confirm({
      title: t.segments.removeTitle,
      children: t.segments.removeLead(ids.length, segment.name),
      action: t.segments.takeOut,
    });
    if (isSure && (await change("remove", ids, done))) done();
  };
  return (
    <div className={classes.stack}>
      <Group gap="sm">
        <SearchInput
          className={classes.search}
          label={t.segments.membersSearch}
          value={search}
          onSearch={(text) => void navigate({ search: { tab: "members", search: text }, replace: true })}
        />
        {isEditable && selection.ids.length > 0 && (
          <Button variant="light" color="red" leftSection={<IconUserMinus size={16} />} loading={busy} onClick={takeOut}>
            {t.segments.removeMembers(selection.ids.length)}
          </Button>
        )}
        {isEditable && (
          <Button variant="light" leftSection={<IconUserPlus size={16} />} onClick={() => setAdding(true)}>
            {t.segments.addMembers}
          </Button>
        )}
      </Group>
      <DataTable
        label={t.segments.tabs.members}
        columns={[
          { key: "name", label: t.segments.contact },
          { key: "email", label: t.rules.fields.email, width: 270 },
          { key: "phone", label: t.rules.fields.phone, width: 160 },
          { key: "joined", label: t.segments.joined, width: 160 },
          { key: "origin", label: t.segments.origin, width: 160 },
        ]}
        pages={pages}
        selection={isEditable ? selection : undefined}
        renderCells={(row) => <Cells member={row.edge} id={row.id} name={nameOf(row.id)} />}
        height="calc(100dvh - 400px)"
        empty={
          search ? (
            <Empty title={t.segments.noMembersFound} />
          ) : (
            <Empty title={t.segments.noMembers}>
              {segment.kind === "STATIC" ? t.segments.noMembersStatic : t.segments.noMembersDynamic}
            </Empty>
          )
        }
      />
      {isAdding && <AddMembers segmentId={segment.id} onClose={() => setAdding(false)} onDone={done} />}
    </div>
  );
}

function Cells({ member, id, name }: { member: members_member$key; id: string; name: string }) {
  const t = useTexts().segments;
  const edge = useFragment(
    graphql`
      fragment members_member on SegmentMemberEdge {
        joinedAt
        origin
        node {
          email
          phone
        }
      }
    `,
    member,
  );
  return (
    <>
      <DataCell>
        <LinkTo size="sm" to={`/contacts/${id}` as "/contacts"}>
          {name}
        </LinkTo>
      </DataCell>
      <DataCell>{edge.node.email}</DataCell>
      <DataCell>{edge.node.phone}</DataCell>
      <DataCell>
        <Moment at={edge.joinedAt} />
      </DataCell>
      <DataCell>{t.origins[edge.origin]}</DataCell>
    </>
  );
}
