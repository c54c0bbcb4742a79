import { convertCssVariables, DEFAULT_THEME, defaultCssVariablesResolver, mergeMantineTheme } from "@mantine/core";
import { expect, test } from "vitest";

import { theme } from "./theme";

/** What the theme gives other values than Mantine's own styles do. They are in a file, so that they are there before Mantine is. */
test("the variables of the theme are in variables.css", async () => {
  const ours = defaultCssVariablesResolver(mergeMantineTheme(DEFAULT_THEME, theme));
  const given = defaultCssVariablesResolver(DEFAULT_THEME);
  const differing = (part: keyof typeof ours) => {
    const before: Record<string, string> = given[part];
    return Object.fromEntries(Object.entries(ours[part]).filter(([name, value]) => before[name] !== value));
  };
  const css = convertCssVariables({ variables: differing("variables"), light: differing("light"), dark: differing("dark") }, ":root");
  await expect(inLines(css)).toMatchFileSnapshot("variables.css");
});

function inLines(css: string): string {
  return css
    .replace(/\s+/g, " ")
    .replace(/\s*\{\s*/g, " {\n  ")
    .replace(/;\s*(?=\S)/g, ";\n  ")
    .replace(/\s*\}\s*/g, "\n}\n");
}
