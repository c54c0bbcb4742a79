import { Text } from "@mantine/core";
import { IconCheck, IconX } from "@tabler/icons-react";
import { graphql, useFragment } from "react-relay";

import { useTexts } from "../../texts/texts";
import type { whyTree_rule$key } from "../../__generated__/whyTree_rule.graphql";
import { actualText } from "./actual";
import classes from "./why_tree.module.css";

type Part = { readonly holds: boolean; readonly text: string; readonly actual: unknown; readonly children?: readonly Part[] };

/** A rule part by part: whether each is true for the contact, in plain words, and the value that the contact has. */
export function WhyTree({ rule }: { rule: whyTree_rule$key }) {
  const data: Part = useFragment(
    // As deep as rules may be.
    graphql`
      fragment whyTree_rule on RuleExplanation {
        holds
        text
        actual
        children {
          holds
          text
          actual
          children {
            holds
            text
            actual
            children {
              holds
              text
              actual
              children {
                holds
                text
                actual
                children {
                  holds
                  text
                  actual
                  children {
                    holds
                    text
                    actual
                    children {
                      holds
                      text
                      actual
                      children {
                        holds
                        text
                        actual
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
    <ul className={classes.tree}>
      <Branch part={data} />
    </ul>
  );
}

function Branch({ part }: { part: Part }) {
  const t = useTexts().contacts.why;
  const children = part.children ?? [];
  const isGroup = children.length > 0;
  return (
    <li className={classes.branch}>
      <div className={classes.part}>
        <span className={classes.mark} data-holds={part.holds}>
          {part.holds ? <IconCheck size={14} role="img" aria-label={t.true} /> : <IconX size={14} role="img" aria-label={t.false} />}
        </span>
        <Text size="sm" component="div">
          {part.text}
          {!isGroup && (
            <Text size="xs" c="dimmed">
              {t.actual} <b>{actualText(part.actual, t.nothing)}</b>
            </Text>
          )}
        </Text>
      </div>
      {isGroup && (
        <ul className={classes.tree}>
          {children.map((child, index) => (
            // oxlint-disable-next-line react/no-array-index-key -- the parts of a rule have no other name than their place
            <Branch key={index} part={child} />
          ))}
        </ul>
      )}
    </li>
  );
}
