import { language, locale } from "../texts/texts";

/** Making one of these costs far more than using it, so each is made once. */
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

export function relativeFormat(): Intl.RelativeTimeFormat {
  return once("relative", undefined, (where) => new Intl.RelativeTimeFormat(where, { numeric: "auto" }));
}

export function pluralRules(): Intl.PluralRules {
  return once("plural", undefined, () => new Intl.PluralRules(language()));
}

export function listFormat(options: Intl.ListFormatOptions): Intl.ListFormat {
  return once("list", options, (where) => new Intl.ListFormat(where, options));
}
