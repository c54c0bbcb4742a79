import { Skeleton, Stack, VisuallyHidden } from "@mantine/core";

import { useTexts } from "../texts/texts";
import classes from "./pending.module.css";

/** What a screen shows until its code and its first answer are there. */
export function Pending() {
  const t = useTexts();
  return (
    <Stack role="status" p="lg" className={classes.late}>
      <VisuallyHidden>{t.common.loading}</VisuallyHidden>
      <Skeleton height={32} width={240} />
      <Skeleton height={16} width={360} />
      <Skeleton height={320} />
    </Stack>
  );
}

/** What a tab or another part of a screen shows until it is there. */
export function PendingPart() {
  const t = useTexts();
  return (
    <div role="status" className={classes.late}>
      <VisuallyHidden>{t.common.loading}</VisuallyHidden>
      <Skeleton height={280} />
    </div>
  );
}
