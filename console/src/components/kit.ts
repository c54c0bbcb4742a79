import type { ComponentType, ReactNode } from "react";

import type { Catalogue } from "../texts/en";
import type { PlainButtonProps } from "./plain_button";

export type KitLinkProps = {
  path: string;
  strong?: boolean;
  /** As a link among words has to be. */
  isUnderlined?: boolean;
  title?: string;
  /** Said in place of what is shown. */
  label?: string;
  children: ReactNode;
};

export type KitButtonProps = PlainButtonProps & { path: string };

/**
 * What a component without hooks draws with. React gives one that lives (use_kit.tsx); what is drawn before React is there gets a plain
 * one (frame/early_kit.tsx).
 */
export type Kit = {
  t: Catalogue;
  /** A link to a screen by its path, such as `/contacts/ID?tab=segments`. */
  Link: ComponentType<KitLinkProps>;
  /** The same, drawn as a button. */
  ButtonLink: ComponentType<KitButtonProps>;
  /** How long ago something was. */
  Moment: ComponentType<{ at: string | null | undefined }>;
};
