import { Tabs, type TabsListProps } from "@mantine/core";
import { useRef } from "react";

import { useScrollSideways } from "./scroll_sideways";
import classes from "./tab_strip.module.css";

/** The tabs of a page in one line, which scrolls sideways where it is longer than the page. The one that is shown is in view. */
export function TabStrip({ shown, children, ...props }: { shown: string } & TabsListProps) {
  const strip = useRef<HTMLDivElement>(null);
  useScrollSideways(strip, "[aria-selected=true]", shown);
  return (
    <Tabs.List ref={strip} className={classes.strip} {...props}>
      {children}
    </Tabs.List>
  );
}
