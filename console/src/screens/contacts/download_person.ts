import { fetchQuery, graphql, type Environment } from "relay-runtime";

import { notifyOfError } from "../../components/notify";
import type { downloadPersonQuery } from "../../__generated__/downloadPersonQuery.graphql";

const QUERY = graphql`
  query downloadPersonQuery($id: ID!) {
    contactExport(id: $id)
  }
`;

/** Saves all that is held about one person as a file, for when the person asks for it. */
export async function downloadPerson(environment: Environment, id: string, name: string): Promise<void> {
  try {
    const answer = await fetchQuery<downloadPersonQuery>(environment, QUERY, { id }, { fetchPolicy: "network-only" }).toPromise();
    const address = URL.createObjectURL(new Blob([JSON.stringify(answer?.contactExport, null, 2)], { type: "application/json" }));
    const link = document.createElement("a");
    link.href = address;
    link.download = `${name}.json`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  } catch (error) {
    notifyOfError(error as Error);
  }
}
