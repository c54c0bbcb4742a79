/** Where Mantine keeps what was chosen. */
const KEPT = "mantine-color-scheme-value";

/** Sets the theme that was chosen here, else that of the browser, before Mantine does. */
export function showColorScheme(): void {
  const chosen = localStorage.getItem(KEPT);
  const isDark = chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.mantineColorScheme = isDark ? "dark" : "light";
}
