import { Textarea, type TextareaProps } from "@mantine/core";

import classes from "./growing_textarea.module.css";

/**
 * A field for some lines, as high as its text. Browsers that know how do that by themselves; for the others Mantine measures, which has the
 * whole page laid out before it is painted.
 */
export function GrowingTextarea({ minRows = 1, maxRows, ...props }: TextareaProps & { minRows?: number; maxRows?: number }) {
  if (!CSS.supports("field-sizing", "content")) return <Textarea autosize minRows={minRows} maxRows={maxRows} {...props} />;
  const rows = { "--least-rows": minRows, "--most-rows": maxRows ?? 1_000 };
  return <Textarea rows={minRows} classNames={{ input: classes.growing }} style={rows} {...props} />;
}
