import { Alert, List } from "@mantine/core";

import { sentence } from "../../components/notify";
import type { UserError } from "../../relay/commit";
import { useTexts } from "../../texts/texts";
import type { ImportOptionsInput } from "../../__generated__/importStartMutation.graphql";
import { columnOf } from "./import_start";

/** What the server refused, each with the column that it is about. */
export function Problems({ errors, options }: { errors: readonly UserError[]; options: ImportOptionsInput | null }) {
  const t = useTexts().transfers.import;
  if (errors.length === 0) return null;
  return (
    <Alert color="red" role="alert" title={t.problems}>
      <List size="sm">
        {errors.map((error) => {
          const column = options ? columnOf(error, options) : undefined;
          return (
            <List.Item key={`${error.field?.join(".")} ${error.message}`}>
              {column ? t.problemAt(column, sentence(error.message)) : sentence(error.message)}
            </List.Item>
          );
        })}
      </List>
    </Alert>
  );
}
