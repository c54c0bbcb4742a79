import { ActionIcon, Button, Fieldset, Group, Stack, Text, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";

import { useTexts } from "../../texts/texts";
import type { Header } from "./endpoint_values";

/** Headers of an endpoint's own. The value of a stored one is not known here: it stays unless another is typed. */
export function EndpointHeaders({
  headers,
  onChange,
  error,
}: {
  headers: readonly Header[];
  onChange: (headers: readonly Header[]) => void;
  error: string | undefined;
}) {
  const t = useTexts().destinations.form;
  const set = (key: number, change: Partial<Header>) => onChange(headers.map((header) => (header.key === key ? { ...header, ...change } : header)));
  return (
    <Fieldset legend={t.headers} p="sm">
      <Stack gap="xs">
        <Text size="xs" c="dimmed">
          {t.headersHint}
        </Text>
        {error && (
          <Text size="sm" c="red" role="alert">
            {error}
          </Text>
        )}
        {headers.map(({ key, name, value }) => (
          <Group key={key} gap="xs" wrap="nowrap" align="flex-end">
            <TextInput label={t.headerName} value={name} onChange={(event) => set(key, { name: event.currentTarget.value })} flex={1} />
            <TextInput
              label={t.headerValue}
              value={value ?? ""}
              placeholder={value === null ? t.headerKept : undefined}
              onChange={(event) => set(key, { value: event.currentTarget.value })}
              flex={2}
            />
            <ActionIcon
              variant="subtle"
              color="gray"
              size={36}
              aria-label={t.removeHeader(name)}
              onClick={() => onChange(headers.filter((header) => header.key !== key))}
            >
              <IconX size={16} />
            </ActionIcon>
          </Group>
        ))}
        <Group>
          <Button
            variant="default"
            size="compact-sm"
            leftSection={<IconPlus size={14} />}
            onClick={() => onChange([...headers, { key: Math.max(-1, ...headers.map(({ key }) => key)) + 1, name: "", value: "" }])}
          >
            {t.addHeader}
          </Button>
        </Group>
      </Stack>
    </Fieldset>
  );
}
