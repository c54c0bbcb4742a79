import { Badge } from "@mantine/core";

/** A state as a word on a colour; the colour only repeats what the word says. */
export function StatusBadge({ color, children }: { color: string; children: string }) {
  return (
    <Badge color={color} variant="light" radius="sm" tt="none" miw="max-content" autoContrast>
      {children}
    </Badge>
  );
}
