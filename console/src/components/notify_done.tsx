import { Button, Group, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";

import { texts } from "../texts/texts";
import { wantOverlays } from "./overlays";

/** Says that something was done. `undo` puts a button beside it that takes it back. */
export function notifyDone(message: string, undo?: () => void): void {
  void wantOverlays();
  const id = notifications.show({
    color: "teal",
    closeButtonProps: { "aria-label": texts().common.close },
    autoClose: undo ? 12_000 : 5_000,
    message: (
      <Group justify="space-between" wrap="nowrap">
        <Text size="sm">{message}</Text>
        {undo && (
          <Button
            size="compact-sm"
            variant="subtle"
            onClick={() => {
              notifications.hide(id);
              undo();
            }}
          >
            {texts().common.undo}
          </Button>
        )}
      </Group>
    ),
  });
}
