import { ActionIcon, Menu } from "@mantine/core";
import {
  IconArrowDown,
  IconArrowUp,
  IconBan,
  IconBoxMultiple,
  IconCopy,
  IconDots,
  IconTrash,
  IconUnlink,
} from "@tabler/icons-react";

import { useTexts } from "../../texts/texts";
import type { Node } from "../tree";
import { useEdits } from "./context";
import { ACTIONS, type ActionName } from "./part_actions";

const ICONS = {
  up: IconArrowUp,
  down: IconArrowDown,
  negate: IconBan,
  group: IconBoxMultiple,
  ungroup: IconUnlink,
  duplicate: IconCopy,
  remove: IconTrash,
} as const;

/** All that can be done with a part of the rule. The keys work from anywhere inside of the part. */
export function PartMenu({ node, name }: { node: Node; name: string }) {
  const t = useTexts().rules;
  return (
    <Menu position="bottom-end" width={230} withinPortal>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={t.actions(name)} data-part-menu>
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Items node={node} />
      </Menu.Dropdown>
    </Menu>
  );
}

/** Drawn each time when the menu opens: what can be done depends on the place of the part, which changes without it. */
function Items({ node }: { node: Node }) {
  const t = useTexts().rules;
  const { edit, root } = useEdits();
  return (Object.keys(ACTIONS) as ActionName[]).map((action) => {
    const { label, can, change, said, sign } = ACTIONS[action];
    const Icon = ICONS[action];
    return (
      <Menu.Item
        key={action}
        color={action === "remove" ? "red" : undefined}
        leftSection={<Icon size={16} />}
        rightSection={<kbd aria-hidden>{sign}</kbd>}
        disabled={!can(root(), node)}
        onClick={() => edit((tree) => change(tree, node.key), t[said(node)])}
      >
        {t[label(node)]}
      </Menu.Item>
    );
  });
}
