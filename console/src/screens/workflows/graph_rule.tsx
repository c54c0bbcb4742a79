import { Button, Group, Input, Loader, Modal, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { lazy, Suspense, useState } from "react";
import { graphql } from "react-relay";

import { useRead } from "../../relay/read";
import { EMPTY_RULE, isComplete, isEmptyRule, type RuleInput } from "../../rules/rule";
import { useTexts } from "../../texts/texts";
import type { graphRuleQuery } from "../../__generated__/graphRuleQuery.graphql";
import type { Rule } from "./graph";

const RuleEditor = lazy(() => import("../../rules/rule_editor").then((module) => ({ default: module.RuleEditor })));

const QUERY = graphql`
  query graphRuleQuery($rule: RuleInput!) {
    ruleToQuery(rule: $rule)
  }
`;

/** A rule as text, with a button that opens the editor for it. An optional one can be taken away. */
export function RuleField({
  label,
  value,
  onChange,
  optional = false,
}: {
  label: string;
  value: Rule | null;
  onChange: (rule: Rule | null) => void;
  optional?: boolean;
}) {
  const t = useTexts();
  const [opened, { open, close }] = useDisclosure();
  const rule = value as RuleInput | null;
  const isSet = rule !== null && !isEmptyRule(rule);
  const { data } = useRead<graphRuleQuery>(QUERY, isSet ? { rule } : null);
  return (
    <Input.Wrapper label={label} labelElement="div">
      <Stack gap={4}>
        <Text size="sm" ff="monospace" style={{ overflowWrap: "anywhere" }}>
          {isSet ? (data?.ruleToQuery ?? "…") : t.workflows.editor.none}
        </Text>
        <Group gap="xs">
          <Button size="compact-sm" variant="light" onClick={open} aria-label={`${t.common.edit}: ${label}`}>
            {t.common.edit}
          </Button>
          {optional && isSet && (
            <Button size="compact-sm" variant="subtle" color="gray" onClick={() => onChange(null)} aria-label={`${t.common.clear}: ${label}`}>
              {t.common.clear}
            </Button>
          )}
        </Group>
      </Stack>
      {opened && (
        <Modal opened onClose={close} title={label} size="70rem">
          <Suspense fallback={<Loader aria-label={t.common.loading} />}>
            <EditorDialog
              rule={rule ?? EMPTY_RULE}
              onDone={(next) => {
                onChange(next as Rule);
                close();
              }}
            />
          </Suspense>
        </Modal>
      )}
    </Input.Wrapper>
  );
}

function EditorDialog({ rule: first, onDone }: { rule: RuleInput; onDone: (rule: RuleInput) => void }) {
  const t = useTexts();
  const [rule, setRule] = useState(first);
  return (
    <Stack>
      <RuleEditor value={rule} onChange={setRule} />
      <Button w="fit-content" disabled={!isComplete(rule)} onClick={() => onDone(rule)}>
        {t.workflows.editor.takeRule}
      </Button>
    </Stack>
  );
}
