/** What fills a placeholder: a contact's field with a fallback, or a text that is the same for all. */
export type Binding = { name: string; field?: string | null; text?: string | null; fallback?: string | null };

/** A stretch of a message; `missing` where a placeholder has nothing to show. */
export type Piece = { text: string; kind: "plain" | "filled" | "missing" };

export type Look = {
  header: { format: string; text: string | null | undefined } | null | undefined;
  body: string;
  footer: string | null | undefined;
  buttons: readonly { kind: string; text: string }[];
};

const PLACEHOLDER = /\{\{\s*([A-Za-z0-9_]+)\s*\}\}/g;

/** Line breaks, tabs and runs of spaces become one space, as the server sends them. */
export function clean(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

/** What a placeholder shows for a contact whose fields are `values`; null when there is nothing. */
export function valueOf(binding: Binding | undefined, values: Readonly<Record<string, string>>): string | null {
  if (!binding) return null;
  if (binding.field == null) return clean(binding.text ?? "") || null;
  return clean(values[binding.field] ?? "") || clean(binding.fallback ?? "") || null;
}

/** The text in pieces, each placeholder filled. Names of the header's placeholders begin with `header.` (`prefix`). */
export function fill(text: string, bindings: readonly Binding[], values: Readonly<Record<string, string>>, prefix = ""): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(PLACEHOLDER)) {
    if (match.index > from) pieces.push({ text: text.slice(from, match.index), kind: "plain" });
    const name = `${prefix}${match[1]}`;
    const value = valueOf(
      bindings.find((binding) => binding.name === name),
      values,
    );
    pieces.push(value === null ? { text: match[0], kind: "missing" } : { text: value, kind: "filled" });
    from = match.index + match[0].length;
  }
  if (from < text.length) pieces.push({ text: text.slice(from), kind: "plain" });
  return pieces;
}
