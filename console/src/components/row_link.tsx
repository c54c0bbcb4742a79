import { useRouter } from "@tanstack/react-router";
import type { MouseEvent } from "react";

import type { KitLinkProps } from "./kit";
import { PlainLink } from "./plain_link";

/** A link in the rows of a long table. It costs a row next to nothing. */
export function RowLink({ path, ...props }: KitLinkProps) {
  return <PlainLink {...usePath(path)} {...props} />;
}

/** The address of a screen, and what opens it. */
export function usePath(path: string): { href: string; onClick: (event: MouseEvent) => void } {
  const router = useRouter();
  const href = router.history.createHref(router.basepath.replace(/\/$/, "") + path);
  const onClick = (event: MouseEvent) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    router.history.push(href);
  };
  return { href, onClick };
}
