import { Anchor, type AnchorProps } from "@mantine/core";
import { createLink } from "@tanstack/react-router";
import type { AnchorHTMLAttributes, Ref } from "react";

import { PlainButton, type PlainButtonProps } from "./plain_button";

type AsAnchor<Props> = Props & Omit<AnchorHTMLAttributes<HTMLAnchorElement>, keyof Props> & { ref?: Ref<HTMLAnchorElement> };

/** A link to a screen: its address and parameters are checked by the types. */
export const LinkTo = createLink((props: AsAnchor<AnchorProps>) => <Anchor {...props} />);

/** The same, drawn as a button. */
export const ButtonTo = createLink((props: AsAnchor<PlainButtonProps>) => <PlainButton as="a" {...props} />);
