import { Text, type TextProps } from "@mantine/core";
import type { ReactNode } from "react";

/** Words that are cut where there is no room, after as many `lines`. They can be read whole in any case (shown_whole.ts). */
export function Cut({ lines = 1, component, children, ...props }: TextProps & { lines?: number; title?: string; component?: "dd"; children: ReactNode }) {
  const cut = { ...props, ...(lines === 1 ? { truncate: true } : { lineClamp: lines }), "data-whole": "" };
  return component ? (
    <Text component={component} {...cut}>
      {children}
    </Text>
  ) : (
    <Text {...cut}>{children}</Text>
  );
}
