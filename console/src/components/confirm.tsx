import { Text } from "@mantine/core";
import { modals } from "@mantine/modals";
import type { ReactNode } from "react";

import { texts } from "../texts/texts";
import { wantOverlays } from "./overlays";

/**
 * Asks before a step that cannot be taken back; `children` say in numbers what it will do. Resolves to whether to go on.
 * A step that destroys nothing, such as sending, is not `isDestructive`. `dismiss` is the button that leaves it.
 */
export async function confirm(options: {
  title: string;
  children: ReactNode;
  action: string;
  dismiss?: string;
  isDestructive?: boolean;
}): Promise<boolean> {
  await wantOverlays();
  return new Promise((resolve) => {
    modals.openConfirmModal({
      title: options.title,
      children: (
        <Text size="sm" component="div">
          {options.children}
        </Text>
      ),
      closeButtonProps: { "aria-label": texts().common.close },
      labels: { confirm: options.action, cancel: options.dismiss ?? texts().common.cancel },
      confirmProps: options.isDestructive === false ? {} : { color: "red" },
      onConfirm: () => resolve(true),
      onCancel: () => resolve(false),
      onClose: () => resolve(false),
    });
  });
}
