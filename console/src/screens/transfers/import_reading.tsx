import { NumberInput, SimpleGrid, Switch } from "@mantine/core";

import { Autocomplete, Select } from "../../components/choices";
import { useTexts } from "../../texts/texts";
import type { Reading } from "./import_choices";

const ENCODINGS = [
  "utf-8",
  "utf-16",
  "windows-1250",
  "windows-1251",
  "windows-1252",
  "iso-8859-1",
  "iso-8859-15",
  "macintosh",
  "shift_jis",
  "gb18030",
  "big5",
  "euc-kr",
];

type Found = { encoding: string; delimiter: string; headerRow: number; sheet: string | null | undefined; sheets: readonly string[] };

/** How a file is read: what was found stands in each field until another value is chosen. */
export function ImportReading({
  reading,
  found,
  onChange,
}: {
  reading: Reading;
  found: Found | undefined;
  onChange: (change: Partial<Reading>) => void;
}) {
  const t = useTexts().transfers.import;
  const isWorkbook = (found?.sheets.length ?? 0) > 0;
  return (
    <>
      <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }}>
        {isWorkbook ? (
          <Select
            label={t.sheet}
            data={found?.sheets.slice() ?? []}
            value={reading.sheet ?? found?.sheet ?? null}
            onChange={(sheet) => onChange({ sheet, headerRow: null })}
            allowDeselect={false}
          />
        ) : (
          <>
            <Autocomplete
              label={t.encoding}
              data={ENCODINGS}
              key={`${reading.encoding} ${found?.encoding}`}
              defaultValue={reading.encoding ?? found?.encoding ?? ""}
              onOptionSubmit={(encoding) => onChange({ encoding })}
              onBlur={(event) => {
                const typed = event.currentTarget.value.trim();
                if (typed !== (reading.encoding ?? found?.encoding ?? "")) onChange({ encoding: typed || null });
              }}
              filter={({ options }) => options}
            />
            <Select
              label={t.delimiter}
              data={Object.entries(t.delimiters).map(([value, label]) => ({ value, label }))}
              value={reading.delimiter ?? found?.delimiter ?? null}
              onChange={(delimiter) => onChange({ delimiter })}
              allowDeselect={false}
            />
          </>
        )}
        <NumberInput
          label={t.headerRow}
          min={1}
          max={1000}
          allowDecimal={false}
          disabled={!reading.hasHeader}
          key={`${reading.headerRow} ${found?.headerRow}`}
          defaultValue={reading.headerRow ?? found?.headerRow ?? 1}
          onBlur={(event) => {
            const row = Number.parseInt(event.currentTarget.value, 10);
            if (row >= 1 && row !== (reading.headerRow ?? found?.headerRow)) onChange({ headerRow: row });
          }}
        />
      </SimpleGrid>
      <Switch
        label={t.hasHeader}
        checked={reading.hasHeader}
        onChange={(event) => onChange({ hasHeader: event.currentTarget.checked, headerRow: null })}
      />
    </>
  );
}
