import { locale } from "../texts/texts";

/** Making one of these costs far more than using it, so each is made once. The first one of all takes as long as drawing a small screen. */
const made = new Map<string, unknown>();

function once<Made>(kind: string, options: object | undefined, make: (locale: string) => Made): Made {
  const where = locale();
  const name = `${kind} ${where} ${options ? JSON.stringify(options) : ""}`;
  const kept = made.get(name) as Made | undefined;
  if (kept) return kept;
  const format = make(where);
  made.set(name, format);
  return format;
}

/** Formats of the viewer's locale. */
export function numberFormat(options?: Intl.NumberFormatOptions): Intl.NumberFormat {
  return once("number", options, (where) => new Intl.NumberFormat(where, options));
}

export function dateFormat(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  return once("date", options, (where) => new Intl.DateTimeFormat(where, options));
}

export function listFormat(options: Intl.ListFormatOptions): Intl.ListFormat {
  return once("list", options, (where) => new Intl.ListFormat(where, options));
}
