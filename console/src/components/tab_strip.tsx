import { Tabs, type TabsListProps } from "@mantine/core";
import { useEffect, useRef } from "react";

import { scrollSideways } from "./scroll_sideways";
import classes from "./tab_strip.module.css";

/** The tabs of a page in one line, which scrolls sideways where it is longer than the page. The one that is shown is in view. */
export function TabStrip({ shown, children, ...props }: { shown: string } & TabsListProps) {
  const strip = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!shown) return;
    const frame = requestAnimationFrame(() => scrollSideways(strip.current, "[aria-selected=true]"));
    return () => cancelAnimationFrame(frame);
  }, [shown]);
  return (
    <Tabs.List ref={strip} className={classes.strip} {...props}>
      {children}
    </Tabs.List>
  );
}
