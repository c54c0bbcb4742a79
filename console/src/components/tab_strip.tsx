import { Tabs, type TabsListProps } from "@mantine/core";
import { useEffect, useRef } from "react";

import classes from "./tab_strip.module.css";

/** The tabs of a page in one line, which scrolls sideways where it is longer than the page. The one that is shown is in view. */
export function TabStrip({ shown, children, ...props }: { shown: string } & TabsListProps) {
  const strip = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!shown) return;
    const frame = requestAnimationFrame(() => {
      strip.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
    });
    return () => cancelAnimationFrame(frame);
  }, [shown]);
  return (
    <Tabs.List ref={strip} className={classes.strip} {...props}>
      {children}
    </Tabs.List>
  );
}
