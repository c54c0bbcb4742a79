import { useMemo, useState } from "react";

import { Select } from "../../components/choices";
import { locale, useTexts } from "../../texts/texts";
import { COUNTRIES, timeZones } from "./places";

type Props<Value> = { value: Value; onChange: (value: Value) => void; error: string | undefined };

/** A time zone, among all that the browser knows; they are listed when somebody looks. */
export function ZoneSelect({ value, onChange, error }: Props<string>) {
  const t = useTexts();
  const [isOpened, setOpened] = useState(false);
  const zones = useMemo(() => {
    if (!isOpened) return [value];
    const all = timeZones();
    return all.includes(value) ? all : [value, ...all];
  }, [isOpened, value]);
  return (
    <Select
      label={t.settings.workspace.timezone}
      description={t.settings.workspace.timezoneHint}
      data={zones}
      searchable
      allowDeselect={false}
      limit={60}
      nothingFoundMessage={t.common.nothingFound}
      value={value}
      onChange={(zone) => zone && onChange(zone)}
      onDropdownOpen={() => setOpened(true)}
      error={error}
    />
  );
}

/** A country by its name in the viewer's language, or none; they are named when somebody looks. */
export function CountrySelect({ value, onChange, error }: Props<string | null>) {
  const t = useTexts();
  const [isOpened, setOpened] = useState(false);
  const countries = useMemo(() => named(isOpened ? COUNTRIES : value ? [value] : []), [isOpened, value]);
  return (
    <Select
      label={t.settings.workspace.country}
      description={t.settings.workspace.countryHint}
      data={countries}
      searchable
      clearable
      clearButtonProps={{ "aria-label": t.common.clear }}
      placeholder={t.common.none}
      nothingFoundMessage={t.common.nothingFound}
      value={value}
      onChange={onChange}
      onDropdownOpen={() => setOpened(true)}
      error={error}
    />
  );
}

function named(codes: readonly string[]): { value: string; label: string }[] {
  const names = new Intl.DisplayNames([locale()], { type: "region" });
  const countries = codes.map((code) => ({ value: code, label: `${names.of(code) ?? code} (${code})` }));
  if (countries.length < 2) return countries;
  const order = new Intl.Collator(locale());
  return countries.toSorted((one, other) => order.compare(one.label, other.label));
}
