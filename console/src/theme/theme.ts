import { createTheme, Loader, type MantineColorsTuple } from "@mantine/core";

const brand: MantineColorsTuple = [
  "#eef2ff",
  "#dde4fc",
  "#b8c5f5",
  "#90a4ee",
  "#6e87e8",
  "#5873e4",
  "#4b68e2",
  "#3b56c9",
  "#324cb4",
  "#26419f",
];

export const theme = createTheme({
  primaryColor: "brand",
  primaryShade: { light: 7, dark: 8 },
  colors: { brand },
  defaultRadius: "md",
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  headings: { fontFamily: "'Inter Variable', system-ui, sans-serif", fontWeight: "650" },
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    Loader: Loader.extend({ defaultProps: { role: "progressbar" } }),
  },
  autoContrast: true,
});
