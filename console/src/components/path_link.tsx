import { Anchor, type AnchorProps } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

type Props = { path: string; search?: Record<string, string | true>; children: ReactNode };

/** A link to a screen of another area, by its path, `/segments/ID`, and what that screen keeps in its address. */
export function PathLink({ path, search, children, ...props }: Props & AnchorProps) {
  return (
    <Anchor component={Link} to={path} search={search as never} {...props}>
      {children}
    </Anchor>
  );
}
