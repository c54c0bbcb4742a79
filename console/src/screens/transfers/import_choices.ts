import type { BadCellPolicy, ImportOptionsInput, ImportPolicy } from "../../__generated__/importStartMutation.graphql";

/** How the file is read; null is what the file itself says. */
export type Reading = {
  hasHeader: boolean;
  headerRow: number | null;
  delimiter: string | null;
  encoding: string | null;
  sheet: string | null;
};

export type ColumnChoice = { column: string; field: string | null; policy: ImportPolicy; onBadCell: BadCellPolicy };

/** How cells are written. */
export type CellChoices = {
  dateFormat: string;
  decimalComma: boolean;
  country: string;
  consentValues: Readonly<Record<string, string>>;
  listSeparator: string;
};

export type Choices = CellChoices & {
  columns: readonly ColumnChoice[];
  overwrite: boolean;
  create: boolean;
  replaceExternalId: boolean;
  addToSegmentId: string | null;
  addTags: readonly string[];
};

export type SuggestedColumn = { readonly column: string; readonly field: string | null | undefined };

export const FIRST_READING: Reading = { hasHeader: true, headerRow: null, delimiter: null, encoding: null, sheet: null };

const KEYS = ["id", "external_id", "email", "phone"];

export const BUILT_IN_FIELDS = [
  ...KEYS,
  "name",
  "first_name",
  "last_name",
  "date_of_birth",
  "timezone",
  "whatsapp_consent",
  "tags",
  "subscribed_at",
  "last_interaction_at",
  "score",
];

/** The choices to begin with: each column in the field that suits it, and nothing else taken by itself. */
export function choicesFor(columns: readonly SuggestedColumn[]): Choices {
  return {
    columns: columns.map(({ column, field }) => ({ column, field: field ?? null, policy: "OVERWRITE", onBadCell: "REJECT_ROW" })),
    dateFormat: "",
    decimalComma: false,
    country: "",
    consentValues: {},
    listSeparator: ";",
    overwrite: true,
    create: true,
    replaceExternalId: false,
    addToSegmentId: null,
    addTags: [],
  };
}

/** The columns as they are now in the file, with what was chosen for those that were there before. */
export function withColumns(choices: Choices, columns: readonly SuggestedColumn[]): Choices {
  const chosen = new Map(choices.columns.map((choice) => [choice.column, choice]));
  return { ...choices, columns: choicesFor(columns).columns.map((fresh) => chosen.get(fresh.column) ?? fresh) };
}

/** Whether a row can find its contact. */
export function hasKey(choices: Choices): boolean {
  return choices.columns.some(({ field }) => field !== null && KEYS.includes(field));
}

/** The first other column that goes into the same field. */
export function twinOf(choices: Choices, index: number): string | undefined {
  const field = choices.columns[index]?.field;
  return field ? choices.columns.find((other, at) => at !== index && other.field === field)?.column : undefined;
}

/** What the import is started with. `headerRow` is the row that was found when none was chosen. */
export function optionsOf(choices: Choices, reading: Reading, headerRow: number, dryRun: boolean): ImportOptionsInput {
  const mapped = choices.columns.flatMap(({ field, ...choice }) => (field ? [{ ...choice, field }] : []));
  const words = Object.entries(choices.consentValues);
  return {
    columns: mapped,
    hasHeader: reading.hasHeader,
    headerRow: reading.headerRow ?? headerRow,
    delimiter: reading.delimiter,
    encoding: reading.encoding,
    sheet: reading.sheet,
    dateFormat: choices.dateFormat.trim() || null,
    decimalComma: choices.decimalComma,
    country: choices.country.trim().toUpperCase() || null,
    consentValues: words.length > 0 ? choices.consentValues : null,
    listSeparator: choices.listSeparator || ";",
    overwrite: choices.overwrite,
    create: choices.create,
    replaceExternalId: choices.replaceExternalId,
    addToSegmentId: choices.addToSegmentId,
    addTags: choices.addTags,
    dryRun,
  };
}

/** The choices that a saved mapping holds, over those that there are. What it does not say stays. */
export function choicesOfMapping(choices: Choices, options: unknown): { choices: Choices; reading: Partial<Reading> } {
  const saved = (options ?? {}) as Partial<ImportOptionsInput>;
  const columns = new Map((saved.columns ?? []).map((column) => [column.column, column]));
  return {
    choices: {
      ...choices,
      columns: choices.columns.map(({ column }) => {
        const given = columns.get(column);
        return {
          column,
          field: given?.field ?? null,
          policy: given?.policy ?? "OVERWRITE",
          onBadCell: given?.onBadCell ?? "REJECT_ROW",
        };
      }),
      dateFormat: saved.dateFormat ?? "",
      decimalComma: saved.decimalComma ?? false,
      country: saved.country ?? "",
      consentValues: (saved.consentValues as Record<string, string> | null | undefined) ?? {},
      listSeparator: saved.listSeparator ?? ";",
      overwrite: saved.overwrite ?? choices.overwrite,
      create: saved.create ?? choices.create,
      replaceExternalId: saved.replaceExternalId ?? false,
      addTags: saved.addTags ?? [],
    },
    reading: { delimiter: saved.delimiter ?? null, encoding: saved.encoding ?? null, hasHeader: saved.hasHeader ?? true },
  };
}

/** Takes one suggested option. One that this console does not know changes nothing. */
export function withOption(choices: Choices, option: string, value: unknown): Choices {
  switch (option) {
    case "dateFormat":
    case "country":
    case "listSeparator":
      return typeof value === "string" ? { ...choices, [option]: value } : choices;
    case "decimalComma":
      return { ...choices, decimalComma: value === true };
    case "consentValues":
      return typeof value === "object" && value !== null ? { ...choices, consentValues: { ...(value as Record<string, string>) } } : choices;
    default:
      return choices;
  }
}
