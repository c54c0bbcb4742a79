import { Button, Group, Stack } from "@mantine/core";
import { useState, type FormEvent, type ReactNode } from "react";

import type { UserError } from "../relay/commit";
import { OtherErrors } from "./other_errors";

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

/** A form whose values may be refused: what is wrong stands beside its field, or above them all. */
export function RefusableForm({ fields, action, busy, onSubmit, onDone, children }: Props) {
  const [errors, setErrors] = useState<readonly UserError[]>([]);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const refused = await onSubmit();
    if (!refused) return;
    setErrors(refused);
    if (refused.length === 0) onDone();
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack>
        <OtherErrors errors={errors} fields={fields} />
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
