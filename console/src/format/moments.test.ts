import { afterAll, beforeAll, expect, test, vi } from "vitest";

import { LANGUAGES, showLanguage, type Language } from "../texts/language";
import { plural } from "../texts/plural";
import { formatRelative } from "./moments";

const DAY = 86_400;
const TIMES = [0, 0.4, 1, 59, 60, 150, 3_600, 7_300, DAY, 2 * DAY, 3 * DAY, 7 * DAY, 20 * DAY, 31 * DAY, 70 * DAY, 365 * DAY, 800 * DAY, 9_000 * DAY];

beforeAll(() => vi.stubGlobal("document", { documentElement: {} }));
afterAll(() => showLanguage("en"));

test.each(Object.keys(LANGUAGES) as Language[])("how long ago is said as people of the language say it: %s", async (language) => {
  await showLanguage(language);
  vi.stubGlobal("navigator", { languages: [language] });
  const now = Date.parse("2026-11-29T12:00:00Z");
  const theirs = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  for (const seconds of [...TIMES, ...TIMES.map((time) => -time)]) {
    const said = formatRelative(new Date(now + seconds * 1000).toISOString(), now);
    expect(said).toBe(theirs.format(...asTheyCount(seconds)));
  }
});

test.each(Object.keys(LANGUAGES) as Language[])("one has a form of its own, and no other number has: %s", async (language) => {
  await showLanguage(language);
  const rules = new Intl.PluralRules(language);
  for (const count of [0, 1, 2, 3, 11, 21, 101, 1_000, 1_000_000]) {
    expect(plural(count, { one: "one", other: "other" }).endsWith(" one")).toBe(rules.select(count) === "one");
  }
});

function asTheyCount(seconds: number): [number, Intl.RelativeTimeFormatUnit] {
  const units: [Intl.RelativeTimeFormatUnit, number][] = [["year", 365 * DAY], ["month", 30 * DAY], ["week", 7 * DAY], ["day", DAY], ["hour", 3_600], ["minute", 60]];
  const [unit, size] = units.find(([, least]) => Math.abs(seconds) >= least) ?? (["second", 1] as const);
  return [Math.round(seconds / size), unit];
}
