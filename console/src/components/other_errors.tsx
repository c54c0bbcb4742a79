import { Alert } from "@mantine/core";

import type { UserError } from "../relay/commit";
import { sentence } from "./notify";

/** Above a form: what was refused and belongs to none of the fields that show their own errors. */
export function OtherErrors({ errors, fields }: { errors: readonly Pick<UserError, "message" | "field">[]; fields: readonly string[] }) {
  return errors
    .filter(({ field }) => !fields.some((name) => field?.includes(name)))
    .map(({ message }) => (
      <Alert key={message} color="red" role="alert">
        {sentence(message)}
      </Alert>
    ));
}
