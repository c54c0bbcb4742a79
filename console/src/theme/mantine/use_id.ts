import { useId as useOwnId } from "react";

/**
 * Stands in for the one of Mantine's hooks (see vite.config.ts), which gives each input another id once it is drawn, and so draws it
 * twice. That is for versions of React whose ids could not stand in a selector; those of this one can.
 */
export function useId(given?: string): string {
  const own = useOwnId();
  return given ?? `mantine${own}`;
}
