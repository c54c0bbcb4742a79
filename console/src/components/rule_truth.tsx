import { Text, VisuallyHidden } from "@mantine/core";
import { IconCheck, IconX } from "@tabler/icons-react";
import { graphql, useFragment } from "react-relay";

import { formatNumber } from "../format/numbers";
import { useMoments } from "../format/use_moments";
import { useTexts } from "../texts/texts";
import type { ruleTruth_rule$key } from "../__generated__/ruleTruth_rule.graphql";
import classes from "./rule_truth.module.css";

type Truth = {
  readonly holds: boolean;
  readonly text: string;
  readonly actual?: unknown;
  readonly children?: readonly Truth[];
};

/**
 * A rule with the truth of each part for one contact: spread `...ruleTruth_rule` on the `RuleExplanation` and give it here. `actual` is left
 * out for members who may not read contacts, so the query needs a variable `$mayReadContacts`.
 */
export function RuleTruth({ rule }: { rule: ruleTruth_rule$key }) {
  const t = useTexts().rules;
  // As deep as a rule can be: eight groups around a condition. GraphQL has no recursion.
  const truth = useFragment(
    graphql`
      fragment ruleTruth_rule on RuleExplanation {
        ...ruleTruth_part @relay(mask: false)
        children {
          ...ruleTruth_part @relay(mask: false)
          children {
            ...ruleTruth_part @relay(mask: false)
            children {
              ...ruleTruth_part @relay(mask: false)
              children {
                ...ruleTruth_part @relay(mask: false)
                children {
                  ...ruleTruth_part @relay(mask: false)
                  children {
                    ...ruleTruth_part @relay(mask: false)
                    children {
                      ...ruleTruth_part @relay(mask: false)
                      children {
                        ...ruleTruth_part @relay(mask: false)
                      }
                    }
                  }
                }
              }
            }
          }
        }
      }
    `,
    rule,
  );
  return (
    <ul className={classes.tree} aria-label={t.truth}>
      <Part truth={truth} />
    </ul>
  );
}

export const PART = graphql`
  fragment ruleTruth_part on RuleExplanation {
    holds
    text
    actual @include(if: $mayReadContacts)
  }
`;

function Part({ truth }: { truth: Truth }) {
  const t = useTexts().rules;
  const parts = truth.children ?? [];
  return (
    <li className={classes.part} data-holds={truth.holds}>
      <div className={classes.line}>
        {truth.holds ? <IconCheck size={16} aria-hidden /> : <IconX size={16} aria-hidden />}
        <div>
          <VisuallyHidden>{truth.holds ? t.holds : t.holdsNot}: </VisuallyHidden>
          <Text size="sm" component="span">
            {truth.text}
          </Text>
          {parts.length === 0 && truth.actual !== undefined && <Actual value={truth.actual} />}
        </div>
      </div>
      {parts.length > 0 && (
        <ul className={classes.tree}>
          {parts.map((part, index) => (
            // The parts of a rule stay in their order, and two may be the same.
            // eslint-disable-next-line react/no-array-index-key
            <Part key={index} truth={part} />
          ))}
        </ul>
      )}
    </li>
  );
}

/** The contact's own value, as a person reads it. */
function Actual({ value }: { value: unknown }) {
  const t = useTexts().rules;
  const { moment } = useMoments();
  const shown = (each: unknown): string => {
    if (typeof each === "number") return formatNumber(each);
    if (typeof each === "boolean") return each ? t.isTrue : t.isFalse;
    if (typeof each === "string" && /^\d{4}-\d\d-\d\dT/.test(each)) return moment(each);
    return typeof each === "string" ? each : JSON.stringify(each);
  };
  const isNone = value === null || value === "" || (Array.isArray(value) && value.length === 0);
  return (
    <Text size="xs" c="dimmed" component="span" className={classes.actual}>
      {isNone ? t.actualNone : t.actual(Array.isArray(value) ? value.map(shown).join(", ") : shown(value))}
    </Text>
  );
}
