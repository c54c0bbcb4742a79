/** A property as it is typed. */
export type PropertyRow = { key: string; name: string; value: string };

/** The object that is meant: numbers and yes or no as such, when they are written the one way that programs write them. */
export function propertiesOf(rows: readonly PropertyRow[]): Record<string, unknown> {
  return Object.fromEntries(rows.filter(({ name }) => name.trim()).map(({ name, value }) => [name.trim(), typed(value.trim())]));
}

function typed(text: string): unknown {
  if (text === "true" || text === "false") return text === "true";
  if (/^-?(0|[1-9]\d{0,14})(\.\d{1,6})?$/.test(text)) return Number(text);
  return text;
}
