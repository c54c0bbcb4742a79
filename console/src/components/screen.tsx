import type { ReactNode } from "react";

import classes from "./screen.module.css";

/** A screen: its title, what it is for in one line, what can be done, and the content. It uses no hooks, as it is drawn before React is there too. */
export function Screen({ title, lead, actions, children }: { title: ReactNode; lead?: ReactNode; actions?: ReactNode; children: ReactNode }) {
  return (
    <div className={classes.screen}>
      <div className={classes.head}>
        <div className={classes.words}>
          <h1 className={classes.title}>{title}</h1>
          {lead && <div className={classes.lead}>{lead}</div>}
        </div>
        {actions && <div className={classes.actions}>{actions}</div>}
      </div>
      {children}
    </div>
  );
}
