import { Text, Title } from "@mantine/core";

/** The head of a part of a screen: its title, and what it is for in one line. */
export function PartHead({ title, lead, size = "h5" }: { title: string; lead: string; size?: "h4" | "h5" }) {
  return (
    <div>
      <Title order={2} size={size}>
        {title}
      </Title>
      <Text size="sm" c="dimmed">
        {lead}
      </Text>
    </div>
  );
}
