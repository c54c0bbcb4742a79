import { Badge, Group, Text } from "@mantine/core";

import { formatDate } from "../../format/dates";
import { formatMoment } from "../../format/moments";
import { formatNumber } from "../../format/numbers";
import { useTexts } from "../../texts/texts";
import type { Definition } from "./field_definitions";

/** A value of a contact as people read it. */
export function FieldValue({ definition: { editor }, value, zone }: { definition: Definition; value: unknown; zone: string }) {
  const { common } = useTexts();
  if (value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0)) {
    return (
      <Text span inherit c="dimmed">
        –
      </Text>
    );
  }
  if (Array.isArray(value)) {
    return (
      <Group gap={4} component="span">
        {value.map((each) => (
          <Badge key={String(each)} component="span" variant="default" radius="sm" tt="none" fw={500}>
            {String(each)}
          </Badge>
        ))}
      </Group>
    );
  }
  if (typeof value === "boolean") return value ? common.yes : common.no;
  if (typeof value === "number") return formatNumber(value, { maximumFractionDigits: 6 });
  if (editor === "date") return formatDate(String(value));
  if (editor === "datetime") return formatMoment(String(value), zone);
  return String(value);
}
