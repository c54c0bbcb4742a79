import { expect, test } from "vitest";

const sources: Record<string, string> = import.meta.glob("../**/*.tsx", { query: "?raw", import: "default", eager: true });
const brought = Object.values(import.meta.glob<string>("./components.ts", { query: "?raw", import: "default", eager: true })).join();
const styles = Object.keys(import.meta.glob("/node_modules/@mantine/core/styles/*.css"));

test("each component that is used brings its styles", () => {
  const used = new Set<string>();
  for (const text of Object.values(sources)) {
    for (const [, names = ""] of text.matchAll(/import \{([^}]*)\} from "@mantine\/core"/g)) {
      for (const name of names.split(",")) used.add(name.trim());
    }
  }
  expect(used.size).toBeGreaterThan(20);
  expect(styles.length).toBeGreaterThan(100);
  const styled = [...used].filter((name) => styles.some((path) => path.endsWith(`/${name}.css`)));
  expect(styled.filter((name) => !brought.includes(`styles/${name}.css`))).toEqual([]);
});
