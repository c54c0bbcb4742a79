import { startCompletion, type Completion, type CompletionContext, type CompletionResult } from "@codemirror/autocomplete";
import type { EditorView } from "@codemirror/view";
import { fetchQuery, graphql, type Environment } from "relay-runtime";

import type { completingQuery, completingQuery$data } from "../../__generated__/completingQuery.graphql";
import { charactersOf, unitsOf } from "./code_points";

const QUERY = graphql`
  query completingQuery($query: String!, $cursor: Int!) {
    ruleQueryCompletions(query: $query, cursor: $cursor) {
      kind
      label
      detail
      insert
      start
      end
    }
  }
`;

type Offer = completingQuery$data["ruleQueryCompletions"][number];

const GOES_ON: readonly string[] = ["FIELD", "OPERATOR", "KEYWORD"];

/** Asks the server what may be written at the cursor; a question that is overtaken is aborted. */
export function completing(environment: Environment) {
  return (context: CompletionContext): Promise<CompletionResult | null> => {
    const text = context.state.doc.toString();
    const cursor = charactersOf(text, context.pos);
    return new Promise((resolve) => {
      const running = fetchQuery<completingQuery>(environment, QUERY, { query: text, cursor }, { fetchPolicy: "network-only" }).subscribe({
        next: ({ ruleQueryCompletions: offers }) => {
          if (offers.length === 0) return resolve(null);
          const from = Math.min(...offers.map(({ start }) => unitsOf(text, start)));
          resolve({ from, filter: false, options: offers.map((offer) => optionOf(offer, text)) });
        },
        error: () => resolve(null),
      });
      context.addEventListener("abort", () => {
        running.unsubscribe();
        resolve(null);
      });
    });
  };
}

function optionOf(offer: Offer, text: string): Completion {
  const goesOn = GOES_ON.includes(offer.kind);
  const insert = goesOn && !/[(\s]$/.test(offer.insert) ? `${offer.insert} ` : offer.insert;
  return {
    label: offer.label,
    detail: offer.detail ?? undefined,
    apply: (view: EditorView) => {
      const [from, to] = [unitsOf(text, offer.start), unitsOf(text, offer.end)];
      view.dispatch({ changes: { from, to, insert }, selection: { anchor: from + insert.length }, userEvent: "input.complete" });
      if (goesOn) startCompletion(view);
    },
  };
}
