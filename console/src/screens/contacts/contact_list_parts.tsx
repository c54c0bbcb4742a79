import { IconArrowsSort, IconDownload, IconFilter, IconPlus, IconSearch, IconUsers } from "@tabler/icons-react";

import { AwaitedField } from "../../components/awaited_field";
import { AwaitedPlace } from "../../components/awaited_place";
import { Empty } from "../../components/empty";
import type { Kit } from "../../components/kit";
import { PlainButton } from "../../components/plain_button";
import { Screen } from "../../components/screen";
import { DataCell, FirstRows } from "../../components/table_frame";
import { Tags } from "../../components/tags";
import { formatDate } from "../../format/dates";
import { formatNumber } from "../../format/numbers";
import type { FirstView } from "../../frame/first_view";
import type { contactCells_contact$data } from "../../__generated__/contactCells_contact.graphql";
import type { contactListQuery$data } from "../../__generated__/contactListQuery.graphql";
import { columnsOf, isNumeric, nameOf, tableColumns, type BuiltIn, type ChosenColumn } from "./columns";
import { ConsentBadge } from "./consent_badge";
import type { CustomField } from "./labels";
import classes from "./list_filters.module.css";
import { valueText } from "./values";

// Parts of the list of contacts without hooks: the first of it is drawn before React is there.

type Row = Omit<contactCells_contact$data, " $fragmentType">;
type Data = { contacts: Omit<contactListQuery$data["contacts"], "nodes"> & { nodes: readonly Row[] } };

export const firstView: FirstView<Data> = ({ kit, may, data: { contacts } }) => {
  const { t } = kit;
  const columns = columnsOf(undefined);
  const count = contacts.nodes.length;
  const { hasNextPage } = contacts.pageInfo;
  return (
    <Screen title={t.contacts.title} lead={hasNextPage ? "\u00a0" : t.contacts.count(count)} actions={<Actions kit={kit} mayWrite={may("CONTACT_WRITE")} mayExport={may("CONTACT_EXPORT") && may("JOB_READ")} />}>
      <div className={classes.filters}>
        <AwaitedField label={t.contacts.search} icon={<IconSearch size={16} />} />
        {may("SEGMENT_READ") && <AwaitedField label={t.contacts.filters.segment} />}
        <div className={classes.arrangeAwaited}>
          <AwaitedField label={t.contacts.filters.order} icon={<IconArrowsSort size={16} />} value={t.contacts.orders.CREATED_AT_DESC} style={{ width: 230 }} />
          <AwaitedPlace style={{ width: 42 }} />
        </div>
        {may("SEGMENT_READ") && (
          <AwaitedField label={t.contacts.filters.rule} icon={<IconFilter size={16} />} placeholder={t.contacts.filters.rulePlaceholder} className={classes.rule} />
        )}
      </div>
      <FirstRows
        label={t.contacts.title}
        columns={tableColumns(columns, { attributes: new Map(), scores: new Map() }, t)}
        rows={contacts.nodes}
        hasMore={hasNextPage}
        selects
        cells={(row) => <Cells kit={kit} row={row} columns={columns} fields={[]} />}
        empty={<Empty title={t.contacts.empty}>{t.contacts.emptyLead}</Empty>}
      />
    </Screen>
  );
};

/** What can be done besides looking at the list. */
export function Actions({
  kit: { t, ButtonLink },
  mayWrite,
  mayExport,
  onExport,
  onCreate,
}: {
  kit: Kit;
  mayWrite: boolean;
  mayExport: boolean;
  onExport?: () => void;
  onCreate?: () => void;
}) {
  return (
    <>
      <ButtonLink path="/contacts/duplicates" variant="default" leftSection={<IconUsers size={16} />}>
        {t.contacts.duplicates.title}
      </ButtonLink>
      {mayExport && (
        <PlainButton variant="default" leftSection={<IconDownload size={16} />} onClick={onExport}>
          {t.contacts.export.open}
        </PlainButton>
      )}
      {mayWrite && (
        <PlainButton leftSection={<IconPlus size={16} />} onClick={onCreate}>
          {t.contacts.create.open}
        </PlainButton>
      )}
    </>
  );
}

/** The cells of one contact: its name, which leads to its page, and the chosen columns. */
export function Cells({ kit, row, columns, fields }: { kit: Kit; row: Row; columns: readonly ChosenColumn[]; fields: readonly CustomField[] }) {
  return (
    <>
      <DataCell>
        <kit.Link path={`/contacts/${row.id}`} strong={Boolean(row.name)}>
          {row.name ?? kit.t.contacts.nameless}
        </kit.Link>
      </DataCell>
      {columns.map((column) => (
        <DataCell key={nameOf(column)} numeric={isNumeric(column)}>
          {column.kind === "field" && <Field kit={kit} row={row} name={column.key} />}
          {column.kind === "attribute" && attributeText(row.attributes, column.key, fields)}
          {column.kind === "score" && <Score row={row} score={column.key} />}
        </DataCell>
      ))}
    </>
  );
}

function Field({ kit, row, name }: { kit: Kit; row: Row; name: BuiltIn }) {
  if (name === "tags") return <Tags tags={row.tags ?? []} />;
  if (name === "consent") return <ConsentBadge t={kit.t} consent={row.whatsappConsent} />;
  if (name === "created") return <kit.Moment at={row.createdAt} />;
  if (name === "updated") return <kit.Moment at={row.updatedAt} />;
  if (name === "lastInteraction") return <kit.Moment at={row.lastInteractionAt} />;
  if (name === "subscribed") return <kit.Moment at={row.subscribedAt} />;
  if (name === "score") return formatNumber(row.score);
  if (name === "birth") return row.dateOfBirth ? formatDate(row.dateOfBirth) : "–";
  if (name === "timezone") return row.timezone ?? "–";
  return row[name] ?? "–";
}

function Score({ row, score }: { row: Row; score: string }) {
  const found = row.scores?.find(({ model }) => model.key === score);
  if (!found) return "–";
  return `${formatNumber(found.value, { maximumFractionDigits: 2 })}${found.level ? ` ${found.level}` : ""}`;
}

function attributeText(attributes: unknown, key: string, fields: readonly CustomField[]): string {
  const value = attributes && typeof attributes === "object" ? (attributes as Record<string, unknown>)[key] : undefined;
  return valueText(value, fields.find((field) => field.key === key)?.type ?? "TEXT");
}
