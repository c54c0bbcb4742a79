import { ActionIcon, Alert, CopyButton, Stack, Text, TextInput, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy, IconKey } from "@tabler/icons-react";
import { useEffect, useRef, type ReactNode } from "react";

import { useTexts } from "../texts/texts";

/** A text to copy, such as a link or a key. */
export function Copyable({ label, value, focus = false }: { label: string; value: string; focus?: boolean }) {
  const t = useTexts();
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (focus) input.current?.focus();
  }, [focus]);
  return (
    <TextInput
      ref={input}
      label={label}
      value={value}
      readOnly
      onFocus={(event) => event.currentTarget.select()}
      rightSection={
        <CopyButton value={value}>
          {({ copied, copy }) => (
            <Tooltip label={copied ? t.common.copied : t.common.copy}>
              <ActionIcon variant="subtle" onClick={copy} aria-label={`${copied ? t.common.copied : t.common.copy}: ${label}`}>
                {copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
              </ActionIcon>
            </Tooltip>
          )}
        </CopyButton>
      }
    />
  );
}

/** A secret that is shown this once: takes the focus, and can be copied. */
export function ShownOnce({ title, label, value, children }: { title: string; label: string; value: string; children?: ReactNode }) {
  return (
    <Alert color="teal" icon={<IconKey size={18} />} title={title} role="status">
      <Stack gap="xs">
        {children && <Text size="sm">{children}</Text>}
        <Copyable label={label} value={value} focus />
      </Stack>
    </Alert>
  );
}
