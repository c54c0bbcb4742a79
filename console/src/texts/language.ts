import type { Catalogue } from "./en";

export const LANGUAGES = { en: "English", es: "Español" } as const;
export type Language = keyof typeof LANGUAGES;

const KEPT = "muster.language";
const LOADERS: Record<Language, () => Promise<Catalogue>> = {
  en: () => import("./en").then((module) => module.en),
  es: () => import("./es").then((module) => module.es),
};

let catalogue: Catalogue;
let current: Language = "en";
const listeners = new Set<() => void>();

/** The language that was chosen here, else the browser's first one that there is. */
export function preferredLanguage(): Language {
  const wanted = [localStorage.getItem(KEPT), ...navigator.languages].map((tag) => tag?.slice(0, 2).toLowerCase());
  return wanted.find((tag): tag is Language => tag !== undefined && tag in LANGUAGES) ?? "en";
}

/** Loads the texts of a language, then shows them everywhere. Must have ended once before the first render. */
export async function showLanguage(language: Language): Promise<void> {
  catalogue = await LOADERS[language]();
  current = language;
  document.documentElement.lang = language;
  for (const listener of listeners) listener();
}

export function chooseLanguage(language: Language): void {
  localStorage.setItem(KEPT, language);
  void showLanguage(language);
}

/** Calls the listener when another language is shown. Returns how to stop that. */
export function onLanguage(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The texts of the language that is shown, for what is not a component. */
export function texts(): Catalogue {
  return catalogue;
}

export function language(): Language {
  return current;
}
