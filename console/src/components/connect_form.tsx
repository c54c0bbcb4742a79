import { Alert, Button, Group, Stack } from "@mantine/core";
import { useState, type FormEvent, type ReactNode } from "react";

import type { UserError } from "../relay/commit";
import { useTexts } from "../texts/texts";
import { sentence } from "./notify";

/** What a form of credentials asks for, with its fields. */
type Props = {
  /** The names of the fields that show their own errors. */
  fields: readonly string[];
  action: string;
  busy: boolean;
  /** Returns what was refused; null when the call did not come through. */
  onSubmit: () => Promise<readonly UserError[] | null>;
  onDone: () => void;
  children: (errors: readonly UserError[]) => ReactNode;
};

/** Connects an account elsewhere: what is refused stands beside its field, or above them all. */
export function ConnectForm({ fields, action, busy, onSubmit, onDone, children }: Props) {
  const [errors, setErrors] = useState<readonly UserError[]>([]);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const refused = await onSubmit();
    if (!refused) return;
    setErrors(refused);
    if (refused.length === 0) onDone();
  };
  const others = errors.filter(({ field }) => !fields.some((name) => field?.includes(name)));
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack>
        {others.map(({ message }) => (
          <Alert key={message} color="red" role="alert">
            {sentence(message)}
          </Alert>
        ))}
        {children(errors)}
        <Group justify="flex-end">
          <Button type="submit" loading={busy}>
            {action}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** Of an input whose value is never shown: how its button is called. */
export function useSecretProps() {
  const t = useTexts();
  return { autoComplete: "off", visibilityToggleButtonProps: { "aria-label": t.settings.password.show } };
}
