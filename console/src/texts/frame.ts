import type { common, nav } from "./en/frame";
import type { Heads, SettingsParts } from "./en/heads";
import * as en from "./en/frame";
import * as enHeads from "./en/heads";
import * as es from "./es/frame";
import * as esHeads from "./es/heads";
import type { Language } from "./language";

/** The texts that are shown before all others are there. */
export type FrameTexts = { loading: (typeof common)["loading"]; nav: typeof nav; away: string; heads: Heads; settingsParts: SettingsParts };

export const FRAME_TEXTS: Record<Language, FrameTexts> = {
  en: { loading: en.common.loading, away: en.errors.network, nav: en.nav, heads: enHeads.heads, settingsParts: enHeads.settingsParts },
  es: { loading: es.common.loading, away: es.errors.network, nav: es.nav, heads: esHeads.heads, settingsParts: esHeads.settingsParts },
};
