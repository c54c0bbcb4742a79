import { Text } from "@mantine/core";
import { modals } from "@mantine/modals";
import type { ReactNode } from "react";

import { texts } from "../texts/texts";

/** Asks before a destructive step; `children` say in numbers what it will do. Resolves to whether to go on. */
export function confirm(options: { title: string; children: ReactNode; action: string }): Promise<boolean> {
  return new Promise((resolve) => {
    modals.openConfirmModal({
      title: options.title,
      children: (
        <Text size="sm" component="div">
          {options.children}
        </Text>
      ),
      labels: { confirm: options.action, cancel: texts().common.cancel },
      confirmProps: { color: "red" },
      onConfirm: () => resolve(true),
      onCancel: () => resolve(false),
      onClose: () => resolve(false),
    });
  });
}
