import { formatNumber } from "../format/numbers";
import classes from "./tags.module.css";

const SHOWN = 3;

/** The first tags of a contact, and how many more there are. No hooks. */
export function Tags({ tags }: { tags: readonly string[] }) {
  if (tags.length === 0) return "–";
  return (
    <div className={classes.tags} data-whole={tags.join(", ")} data-more={tags.length > SHOWN || undefined}>
      {tags.slice(0, SHOWN).map((tag) => (
        <span key={tag} className={classes.tag}>
          {tag}
        </span>
      ))}
      {tags.length > SHOWN && `+${formatNumber(tags.length - SHOWN)}`}
    </div>
  );
}
