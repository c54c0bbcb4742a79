import { describe, expect, it } from "vitest";

import { choicesFor, choicesOfMapping, FIRST_READING, hasKey, optionsOf, twinOf, withColumns, withOption } from "./import_choices";

const COLUMNS = [
  { column: "Mail", field: "email" },
  { column: "Born", field: "date_of_birth" },
  { column: "Note", field: null },
];

describe("the choices of an import", () => {
  it("leave out columns that go nowhere", () => {
    const options = optionsOf(choicesFor(COLUMNS), FIRST_READING, 3, true);
    expect(options.columns.map(({ column, field }) => [column, field])).toEqual([
      ["Mail", "email"],
      ["Born", "date_of_birth"],
    ]);
    expect(options).toMatchObject({ headerRow: 3, dryRun: true, dateFormat: null, consentValues: null, delimiter: null });
  });

  it("keep what was chosen when the file is read anew", () => {
    const chosen = choicesFor(COLUMNS);
    const first = chosen.columns[0];
    if (!first) throw new Error("no column");
    const edited = { ...chosen, columns: [{ ...first, field: "external_id" }, ...chosen.columns.slice(1)] };
    const again = withColumns(edited, [{ column: "Mail", field: "email" }, { column: "City", field: null }]);
    expect(again.columns.map(({ column, field }) => [column, field])).toEqual([
      ["Mail", "external_id"],
      ["City", null],
    ]);
  });

  it("take nothing by themselves but the fields, and a suggested option when asked", () => {
    const chosen = choicesFor(COLUMNS);
    expect(chosen.dateFormat).toBe("");
    expect(withOption(chosen, "dateFormat", "DD/MM/YYYY").dateFormat).toBe("DD/MM/YYYY");
    expect(withOption(chosen, "consentValues", { si: "OPTED_IN" }).consentValues).toEqual({ si: "OPTED_IN" });
    expect(withOption(chosen, "something new", 1)).toBe(chosen);
  });

  it("need a key, and one column for a field", () => {
    const chosen = choicesFor(COLUMNS);
    expect(hasKey(chosen)).toBe(true);
    expect(hasKey({ ...chosen, columns: chosen.columns.slice(1) })).toBe(false);
    const twice = choicesFor([...COLUMNS, { column: "Mail 2", field: "email" }]);
    expect(twinOf(twice, 3)).toBe("Mail");
    expect(twinOf(twice, 2)).toBeUndefined();
  });

  it("come back from a saved mapping as they went in", () => {
    const chosen = withOption({ ...choicesFor(COLUMNS), overwrite: false, addTags: ["fair"] }, "country", "es");
    const { choices, reading } = choicesOfMapping(choicesFor(COLUMNS), optionsOf(chosen, FIRST_READING, 1, false));
    expect(choices).toEqual({ ...chosen, country: "ES" });
    expect(reading).toEqual({ delimiter: null, encoding: null, hasHeader: true });
  });
});
