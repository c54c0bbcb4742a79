import type { ComponentProps, ReactNode } from "react";

import classes from "./plain_button.module.css";

export type PlainButtonProps = {
  /** `compact` where there is little room. */
  size?: "compact";
  variant?: "filled" | "default" | "light" | "subtle";
  leftSection?: ReactNode;
  children: ReactNode;
} & Omit<ComponentProps<"button"> & ComponentProps<"a">, "ref" | "type" | "children">;

/** A button, or a link that looks like one. It uses no hooks, so that it can be drawn before React is there, and looks as Mantine's do. */
export function PlainButton({ as: Element = "button", variant = "filled", size, leftSection, className = "", children, ...rest }: PlainButtonProps & { as?: "a" | "button" }) {
  const props = { className: `mantine-focus-auto mantine-active ${classes.button} ${className}`.trim(), "data-variant": variant, "data-size": size, "data-icon": leftSection ? true : undefined, ...rest };
  const content = (
    <>
      {leftSection && <span className={classes.icon}>{leftSection}</span>}
      {children}
    </>
  );
  return Element === "a" ? <a {...(props as ComponentProps<"a">)}>{content}</a> : <button type="button" {...(props as ComponentProps<"button">)}>{content}</button>;
}
