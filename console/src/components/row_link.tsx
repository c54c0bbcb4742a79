import { useRouter } from "@tanstack/react-router";
import type { MouseEvent, ReactNode } from "react";

import classes from "./row_link.module.css";

/** A link in the rows of a long table, to a screen by its path, such as `/contacts/ID?tab=segments`. It costs a row next to nothing. */
export function RowLink({
  path,
  strong = false,
  title,
  label,
  children,
}: {
  path: string;
  strong?: boolean;
  title?: string;
  /** Said in place of what is shown. */
  label?: string;
  children: ReactNode;
}) {
  const router = useRouter();
  const href = router.history.createHref(router.basepath.replace(/\/$/, "") + path);
  const open = (event: MouseEvent) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    router.history.push(href);
  };
  return (
    <a href={href} className={strong ? classes.strong : classes.link} title={title} aria-label={label} onClick={open}>
      {children}
    </a>
  );
}
