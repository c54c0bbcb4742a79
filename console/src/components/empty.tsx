import { IconInbox } from "@tabler/icons-react";
import type { ReactNode } from "react";

import classes from "./empty.module.css";

/** Nothing to show: says why, and offers what to do next. It uses no hooks. */
export function Empty({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className={classes.empty}>
      <span className={classes.icon} aria-hidden>
        <IconInbox />
      </span>
      <p className={classes.title}>{title}</p>
      {children && <p className={classes.words}>{children}</p>}
      {action}
    </div>
  );
}
