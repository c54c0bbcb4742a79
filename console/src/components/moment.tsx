import { Text, type TextProps } from "@mantine/core";
import type { PointerEvent } from "react";

import { relativeAt } from "../format/moments";
import { useMoments, useNow } from "../format/use_moments";

/**
 * A moment as "5 minutes ago", with the exact one in the workspace's zone as its title; or the exact one with `exact`. The title comes
 * when somebody points at it: to write one for each row of a list takes longer than all else in the rows.
 */
export function Moment({ at, exact = false, ...props }: { at: string | null | undefined; exact?: boolean } & TextProps) {
  const { moment } = useMoments();
  const now = useNow();
  const isPlain = Object.keys(props).length === 0; // as in each row of a long table
  if (!at) return isPlain ? "–" : <Text {...props}>–</Text>;
  const shown = exact ? moment(at) : relativeAt(at, now);
  const own = {
    dateTime: at,
    onPointerEnter: ({ currentTarget }: PointerEvent<HTMLElement>) => {
      currentTarget.title = moment(at);
    },
  };
  if (isPlain) return <time {...own}>{shown}</time>;
  return (
    <Text component="time" inherit={props.size === undefined} {...props} {...own}>
      {shown}
    </Text>
  );
}
