import { useTexts } from "../texts/texts";
import type { Kit, KitButtonProps } from "./kit";
import { Moment } from "./moment";
import { PlainButton } from "./plain_button";
import { RowLink, usePath } from "./row_link";

const KIT = { Link: RowLink, ButtonLink, Moment };

/** What components without hooks draw with while React draws them. */
export function useKit(): Kit {
  return { t: useTexts(), ...KIT };
}

function ButtonLink({ path, ...props }: KitButtonProps) {
  return <PlainButton as="a" {...usePath(path)} {...props} />;
}
