import { Box, Group } from "@mantine/core";
import { IconArrowsSort } from "@tabler/icons-react";
import { useState } from "react";

import { Select } from "../../components/choices";
import { SearchInput } from "../../components/search_input";
import { SegmentSelect } from "../../components/segment_select";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import { ColumnsMenu } from "./columns_menu";
import type { ChosenColumn } from "./columns";
import { useLabels, type useLabels as UseLabels } from "./labels";
import classes from "./list_filters.module.css";
import { ORDERS, scoreOrder, type ContactSearch } from "./list_search";
import { RuleField } from "./rule_field";

/** What narrows the list, in which order it is, and which columns it has. All of it is in the address. */
export function ListFilters({
  search,
  change,
  columns,
  labels,
}: {
  search: ContactSearch;
  change: (next: Partial<ContactSearch>) => void;
  columns: readonly ChosenColumn[];
  labels: ReturnType<typeof UseLabels>;
}) {
  const t = useTexts().contacts;
  const maySegments = useMay("SEGMENT_READ");
  return (
    <Box className={classes.filters}>
      <SearchInput label={t.search} value={search.search} onSearch={(text) => change({ search: text })} />
      {maySegments && (
        <SegmentSelect
          aria-label={t.filters.segment}
          placeholder={t.filters.segment}
          value={search.segment ?? null}
          onChange={(segment) => change({ segment: segment?.id })}
        />
      )}
      <Group gap="xs" wrap="nowrap" className={classes.arrange}>
        <OrderField order={search.order} onChange={(order) => change({ order })} labels={labels} />
        <ColumnsMenu columns={columns} onChange={(next) => change({ columns: next })} />
      </Group>
      {maySegments && (
        <div className={classes.rule}>
          <RuleField value={search.rule ?? ""} onChange={(rule) => change({ rule: rule || undefined })} />
        </div>
      )}
    </Box>
  );
}

function OrderField({
  order,
  onChange,
  labels,
}: {
  order: string | undefined;
  onChange: (order: string | undefined) => void;
  labels: ReturnType<typeof UseLabels>;
}) {
  const t = useTexts().contacts;
  const [isOpen, setOpen] = useState(false);
  const read = useLabels(isOpen);
  const scores = new Map([...labels.scores, ...read.scores]);
  return (
    <Select
      aria-label={t.filters.order}
      leftSection={<IconArrowsSort size={16} />}
      w={230}
      allowDeselect={false}
      comboboxProps={{ width: 280, position: "bottom-end" }}
      data={[
        ...ORDERS.map((each) => ({ value: each as string, label: t.orders[each] })),
        ...[...scores].map(([key, name]) => ({ value: scoreOrder(key), label: t.filters.byScore(name) })),
      ]}
      value={order ?? "CREATED_AT_DESC"}
      onChange={(next) => onChange(next === "CREATED_AT_DESC" ? undefined : (next ?? undefined))}
      onDropdownOpen={() => setOpen(true)}
    />
  );
}
