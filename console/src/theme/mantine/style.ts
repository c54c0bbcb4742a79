import type { MantineTheme } from "@mantine/core";
import type { CSSProperties } from "react";

/** A style as Mantine's components take it. */
export type Style = CSSProperties | ((theme: MantineTheme) => CSSProperties) | readonly Style[] | null | undefined;

/** Adds a style to what `css` has already. */
export function addStyle(css: CSSProperties, style: Style, theme: MantineTheme): void {
  if (Array.isArray(style)) for (const each of style as readonly Style[]) addStyle(css, each, theme);
  else Object.assign(css, typeof style === "function" ? style(theme) : style);
}
