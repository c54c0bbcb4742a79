import { Anchor, type AnchorProps } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

/** A link to a screen of another area, by its path: `/segments/ID`. */
export function PathLink({ path, children, ...props }: { path: string; children: ReactNode } & AnchorProps) {
  return (
    <Anchor component={Link} to={path} {...props}>
      {children}
    </Anchor>
  );
}
