import { useSyncExternalStore } from "react";

import type { Catalogue } from "./en";
import { FRAME_TEXTS, type FrameTexts } from "./frame";
import { language, onLanguage, texts } from "./language";

export { chooseLanguage, language, LANGUAGES, texts, type Language } from "./language";

/** The texts of the language that is shown, for components. */
export function useTexts(): Catalogue {
  return useSyncExternalStore(onLanguage, texts);
}

/** The texts of what stands around the screens, for components. */
export function useFrameTexts(): FrameTexts {
  return FRAME_TEXTS[useSyncExternalStore(onLanguage, language)];
}

/** The locale for dates and numbers: the browser's, when it is of the chosen language, so that en-GB stays en-GB. */
export function locale(): string {
  return navigator.languages.find((tag) => tag.toLowerCase().startsWith(language())) ?? language();
}
