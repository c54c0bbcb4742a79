import { Button } from "@mantine/core";
import { useCallback, useMemo, useState } from "react";
import { graphql } from "react-relay";

import { DataTable } from "../../components/data_table";
import { DrawnAfter } from "../../components/drawn_after";
import { Empty } from "../../components/empty";
import { Screen } from "../../components/screen";
import { useSelection } from "../../components/selection";
import { useKit } from "../../components/use_kit";
import { useReturn } from "../../relay/live";
import { useLongPages } from "../../relay/long_pages";
import { useMay } from "../../session/session";
import type { contactListCountQuery } from "../../__generated__/contactListCountQuery.graphql";
import type { contactListQuery, contactListQuery$data } from "../../__generated__/contactListQuery.graphql";
import { BulkBar, type Target } from "./bulk_bar";
import { columnsOf, tableColumns } from "./columns";
import { ContactCreate } from "./contact_create";
import { ContactCells } from "./contact_cells";
import { Actions } from "./contact_list_parts";
import { ExportFollowed, ExportPanel } from "./export_panel";
import { useLabels } from "./labels";
import { ListFilters } from "./list_filters";
import { isFiltered, matchingOf, orderOf, type ContactSearch } from "./list_search";
import { contactsRoute } from "./routes";
import { useLiveContacts } from "./use_live_contacts";

const QUERY = graphql`
  query contactListQuery(
    $search: String
    $segmentId: ID
    $ruleQuery: String
    $orderBy: ContactOrder!
    $orderByScore: String
    $first: Int!
    $after: String
    $skip: Int!
    $withTags: Boolean!
    $withAttributes: Boolean!
    $withScores: Boolean!
  ) {
    contacts(
      search: $search
      segmentId: $segmentId
      ruleQuery: $ruleQuery
      orderBy: $orderBy
      orderByScore: $orderByScore
      first: $first
      after: $after
      skip: $skip
    ) {
      nodes {
        id
        name
        email
        phone
        ...contactCells_contact
      }
      pageInfo {
        endCursor
        hasNextPage
      }
    }
  }
`;

const COUNT = graphql`
  query contactListCountQuery($search: String, $segmentId: ID, $ruleQuery: String) {
    contacts(search: $search, segmentId: $segmentId, ruleQuery: $ruleQuery) {
      totalCount
    }
  }
`;

type Row = contactListQuery$data["contacts"]["nodes"][number];

/** All contacts, or those that the filters find, with what can be done with many at once. */
export function ContactList() {
  const kit = useKit();
  const { t } = kit;
  const search = contactsRoute.useSearch();
  const navigate = contactsRoute.useNavigate();
  const mayWrite = useMay("CONTACT_WRITE");
  const mayExport = useMay("CONTACT_EXPORT", "JOB_READ");
  const change = useCallback(
    (next: Partial<ContactSearch>, replace = true) => void navigate({ search: (before: ContactSearch) => ({ ...before, ...next }), replace }),
    [navigate],
  );

  const columns = useMemo(() => columnsOf(search.columns), [search.columns]);
  const labels = useLabels(columns.some(({ kind }) => kind !== "field") || search.order?.startsWith("score:") === true);
  const matching = useMemo(() => matchingOf(search), [search]);
  const variables = {
    ...matching,
    ...orderOf(search.order),
    withTags: columns.some((column) => column.key === "tags" && column.kind === "field"),
    withAttributes: columns.some(({ kind }) => kind === "attribute"),
    withScores: columns.some(({ kind }) => kind === "score"),
  };
  const [deleted, showsIds] = useLiveContacts(variables);
  const pages = useLongPages<contactListQuery, contactListCountQuery, Row>(
    QUERY,
    variables,
    ({ contacts }) => ({ rows: contacts.nodes, ...contacts.pageInfo }),
    { query: COUNT, variables: matching, of: ({ contacts }) => contacts.totalCount },
    deleted,
  );
  useReturn(pages.again);
  const { rows } = pages;

  const { fields } = labels;
  const cells = useCallback((row: Row) => <ContactCells contact={row} columns={columns} fields={fields} />, [columns, fields]);
  const { totalCount } = pages;
  const ids = useMemo(() => rows.map(({ id }) => id), [rows]);
  const names = useMemo(() => new Map(rows.map((row) => [row.id, row.name ?? row.email ?? row.phone ?? t.contacts.nameless])), [rows, t]);
  const selection = useSelection(ids, useCallback((id) => t.common.selectRow(names.get(id) ?? ""), [names, t]));
  const [isEverything, setEverything] = useState(false);
  const [shownFilters, setShownFilters] = useState(JSON.stringify(matching));
  if (shownFilters !== JSON.stringify(matching)) {
    setShownFilters(JSON.stringify(matching));
    setEverything(false);
    selection.clear();
  }
  const everything: Target = { all: matching, count: totalCount ?? 0 };
  const isAll = isEverything && selection.all === "all";
  const target: Target = isAll ? everything : { ids: selection.ids, count: selection.ids.length };
  const done = () => {
    selection.clear();
    setEverything(false);
    pages.again();
  };

  return (
    <Screen
      title={t.contacts.title}
      lead={totalCount === null ? "\u00a0" : isFiltered(matching) ? t.contacts.countMatching(totalCount) : t.contacts.count(totalCount)}
      actions={
        <Actions
          kit={kit}
          mayWrite={mayWrite}
          mayExport={mayExport}
          onExport={() => change({ panel: "export" }, false)}
          onCreate={() => change({ panel: "create" }, false)}
        />
      }
    >
      <ListFilters search={search} change={change} columns={columns} labels={labels} />
      {search.job && mayExport && <ExportFollowed id={search.job} onClose={() => change({ job: undefined })} />}
      {selection.ids.length > 0 && (
        <BulkBar
          target={target}
          matching={selection.all === "all" ? (totalCount ?? 0) : 0}
          isEverything={isAll}
          onEverything={setEverything}
          onExport={() => change({ panel: "export" }, false)}
          onDone={done}
          onClear={selection.clear}
        />
      )}
      <DataTable
        label={t.contacts.title}
        columns={tableColumns(columns, labels, t)}
        pages={pages}
        selection={selection}
        onShown={showsIds}
        renderCells={cells}
        empty={
          <Empty
            title={isFiltered(matching) ? t.contacts.emptyMatch : t.contacts.empty}
            action={
              isFiltered(matching) ? (
                <Button variant="light" onClick={() => change({ search: undefined, segment: undefined, rule: undefined })}>
                  {t.contacts.filters.clear}
                </Button>
              ) : undefined
            }
          >
            {isFiltered(matching) ? t.contacts.emptyMatchLead : t.contacts.emptyLead}
          </Empty>
        }
      />
      <DrawnAfter>
        {mayWrite && <ContactCreate opened={search.panel === "create"} onClose={() => change({ panel: undefined })} />}
        {mayExport && (
          <ExportPanel
            opened={search.panel === "export"}
            target={selection.ids.length > 0 ? target : everything}
            columns={columns}
            onClose={() => change({ panel: undefined })}
            onStarted={(job) => change({ panel: undefined, job })}
          />
        )}
      </DrawnAfter>
    </Screen>
  );
}
