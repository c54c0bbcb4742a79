import { ButtonTo } from "../../components/link";
import { notifyDone } from "../../components/notify";
import { Screen } from "../../components/screen";
import { useEffect, useState } from "react";
import { graphql, useLazyLoadQuery, useRelayEnvironment } from "react-relay";

import { useMutationCall } from "../../relay/commit";
import { EMPTY_RULE, usesActivities, type RuleInput } from "../../rules/rule";
import { readText } from "../../rules/rule_text";
import { useTexts } from "../../texts/texts";
import type { segmentNewMutation } from "../../__generated__/segmentNewMutation.graphql";
import type { segmentNewQuery } from "../../__generated__/segmentNewQuery.graphql";
import { segmentNewRoute } from "./routes";
import { SegmentForm, type SegmentValues } from "./segment_form";

const CREATE = graphql`
  mutation segmentNewMutation($input: SegmentCreateInput!) {
    segmentCreate(input: $input) {
      segment {
        id
      }
      userErrors {
        code
        message
        field
      }
    }
  }
`;

export function SegmentNew() {
  const t = useTexts();
  const { kind, form, rule: ruleText } = segmentNewRoute.useSearch();
  const navigate = segmentNewRoute.useNavigate();
  const environment = useRelayEnvironment();
  const catalogue = useLazyLoadQuery<segmentNewQuery>(
    graphql`
      query segmentNewQuery {
        ...catalogue_rules
      }
    `,
    {},
    { fetchPolicy: "store-and-network" },
  );
  const [create, busy] = useMutationCall<segmentNewMutation>(CREATE);
  const [values, setValues] = useState<SegmentValues>({ name: "", description: "", kind: kind ?? "DYNAMIC", rule: EMPTY_RULE });
  useEffect(() => {
    if (!ruleText) return;
    const running = readText(environment, ruleText).subscribe({
      next: ({ ruleFromQuery: { rule } }) => {
        if (!rule) return;
        const given = rule as RuleInput;
        setValues((before) => ({ ...before, rule: given, kind: usesActivities(given) ? "DYNAMIC_PLUS" : "DYNAMIC" }));
      },
    });
    return () => running.unsubscribe();
  }, [environment, ruleText]);

  const save = async ({ name, description, kind, rule }: SegmentValues) => {
    const input = { name, description: description || null, kind, rule: kind === "STATIC" ? null : rule };
    const answer = await create({ input });
    const made = answer?.segmentCreate.segment;
    if (!made) return answer?.segmentCreate.userErrors ?? [];
    notifyDone(kind === "STATIC" ? t.segments.createdStatic(name) : t.segments.created(name));
    await navigate({ to: "/segments/$segmentId", params: { segmentId: made.id }, ignoreBlocker: true });
    return [];
  };
  return (
    <Screen title={t.segments.newTitle}>
      <SegmentForm
        values={values}
        onChange={setValues}
        catalogue={catalogue}
        busy={busy}
        onSave={save}
        form={form}
        onForm={(next) => void navigate({ search: { kind, rule: ruleText, form: next }, replace: true })}
        actions={
          <ButtonTo to="/segments" variant="subtle">
            {t.common.cancel}
          </ButtonTo>
        }
      />
    </Screen>
  );
}
