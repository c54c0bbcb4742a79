import type { MouseEvent } from "react";

import type { KitLinkProps } from "./kit";
import classes from "./plain_link.module.css";

/** A link as a line of text. It uses no hooks. */
export function PlainLink({
  href,
  onClick,
  strong = false,
  isUnderlined = false,
  title,
  label,
  children,
}: Omit<KitLinkProps, "path"> & { href: string; onClick?: (event: MouseEvent) => void }) {
  return (
    <a href={href} className={strong ? classes.strong : classes.link} data-underlined={isUnderlined || undefined} title={title} aria-label={label} onClick={onClick}>
      {children}
    </a>
  );
}
