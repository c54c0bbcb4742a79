import { Button, Group, Progress, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";

import { notifyDone, notifyOfError } from "../../components/notify";
import { wantOverlays } from "../../components/overlays";
import { formatNumber } from "../../format/numbers";
import { texts } from "../../texts/texts";

export type Run = {
  title: string;
  total: number;
  /** Does the next part, and gives how many contacts it was about. */
  parts: AsyncGenerator<number>;
  /** What to say when all is done: `count` contacts. */
  done: (count: number) => string;
};

/**
 * Does something in many parts, and says how far it is. It goes on while the console is open, also on another screen, and can be
 * stopped between two parts; what was done up to then stays done. Gives how many contacts it was about.
 */
export async function runLong({ title, total, parts, done }: Run): Promise<number> {
  let isStopped = false;
  let count = 0;
  const stop = () => {
    isStopped = true;
  };
  const show = total > 250;
  const id = `run-${crypto.randomUUID()}`;
  const message = () => <Running count={count} total={total} onStop={stop} />;
  const warn = (event: BeforeUnloadEvent) => event.preventDefault();
  if (show) {
    void wantOverlays();
    notifications.show({ id, title, message: message(), autoClose: false, withCloseButton: false });
    window.addEventListener("beforeunload", warn);
  }
  try {
    for await (const part of parts) {
      count += part;
      if (show) notifications.update({ id, title, message: message(), autoClose: false, withCloseButton: false });
      if (isStopped) break;
    }
    notifyDone(isStopped ? texts().contacts.bulk.stopped(count) : done(count));
  } catch (error) {
    notifyOfError(error as Error);
    if (count > 0) notifyDone(texts().contacts.bulk.stopped(count));
  } finally {
    window.removeEventListener("beforeunload", warn);
    if (show) notifications.hide(id);
  }
  return count;
}

function Running({ count, total, onStop }: { count: number; total: number; onStop: () => void }) {
  const t = texts();
  const share = total > 0 ? Math.min(100, (100 * count) / total) : 0;
  return (
    <Stack gap={6}>
      <Progress.Root>
        <Progress.Section value={share} aria-label={t.contacts.bulk.progress} />
      </Progress.Root>
      <Group justify="space-between">
        <Text size="sm">{t.contacts.bulk.ofTotal(formatNumber(count), formatNumber(total))}</Text>
        <Button size="compact-sm" variant="subtle" onClick={onStop}>
          {t.contacts.bulk.stop}
        </Button>
      </Group>
    </Stack>
  );
}
