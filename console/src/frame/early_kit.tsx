import type { Kit } from "../components/kit";
import { PlainButton } from "../components/plain_button";
import { PlainLink } from "../components/plain_link";
import { relativeAt } from "../format/moments";
import type { Catalogue } from "../texts/en";

/** What components without hooks draw with before React is there. */
export function earlyKit(t: Catalogue): Kit {
  const now = Date.now();
  return {
    t,
    Link: ({ path, ...props }) => <PlainLink href={addressOf(path)} {...props} />,
    ButtonLink: ({ path, ...props }) => <PlainButton as="a" href={addressOf(path)} {...props} />,
    Moment: ({ at }) => (at ? <time dateTime={at}>{relativeAt(at, now)}</time> : "–"),
  };
}

/** The address of a screen by its path, below that of the console. */
export function addressOf(path: string): string {
  return path.slice(1) || "./";
}
