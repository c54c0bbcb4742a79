import { graphql } from "relay-runtime";

import { useMutationCall, type UserError } from "../../relay/commit";
import type { importStartMutation, ImportOptionsInput } from "../../__generated__/importStartMutation.graphql";

const START = graphql`
  mutation importStartMutation($input: ImportStartInput!) {
    importStart(input: $input) {
      job {
        id
        status
      }
      userErrors {
        code
        message
        field
      }
    }
  }
`;

export type Started = { job: string } | { errors: readonly UserError[] } | null;

/** Returns a function that starts an import, or its check, and whether that is under way. */
export function useImportStart(): [(upload: string, options: ImportOptionsInput) => Promise<Started>, boolean] {
  const [call, busy] = useMutationCall<importStartMutation>(START);
  const start = async (upload: string, options: ImportOptionsInput): Promise<Started> => {
    const answer = await call({ input: { upload: { uploadId: upload, options } } });
    if (!answer) return null;
    const { job, userErrors } = answer.importStart;
    return job ? { job: job.id } : { errors: userErrors };
  };
  return [start, busy];
}

/** The column that an error is about, by its place among those that were sent; undefined when it is about none. */
export function columnOf(error: UserError, options: ImportOptionsInput): string | undefined {
  const path = error.field ?? [];
  const at = path.indexOf("columns");
  const index = at < 0 ? Number.NaN : Number(path[at + 1]);
  return Number.isInteger(index) ? options.columns[index]?.column : undefined;
}
