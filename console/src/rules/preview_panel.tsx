import { Alert, Card, Group, Stack, Text, VisuallyHidden } from "@mantine/core";
import { memo } from "react";

import { LinkTo } from "../components/link";
import { messageOf } from "../components/notify";
import { formatNumber, formatShare } from "../format/numbers";
import { useTexts } from "../texts/texts";
import { isComplete, isEmptyRule, type RuleInput } from "./rule";
import classes from "./preview_panel.module.css";
import { estimateInWords } from "./estimate_in_words";
import type { RulePreview } from "./use_rule_preview";

/** What a rule finds: the number, what would change, who can be reached, some of them, and the rule in plain words. */
export function PreviewPanel({ rule, preview, estimate, isStale, error, contactCount }: { rule: RuleInput } & RulePreview) {
  return isEmptyRule(rule) ? null : <Panel isPartial={!isComplete(rule)} preview={preview} estimate={estimate} isStale={isStale} error={error} contactCount={contactCount} />;
}

/** Drawn again when an answer comes, not with each key that changes the rule. */
const Panel = memo(function Panel({ isPartial, preview, estimate, isStale, error, contactCount }: { isPartial: boolean } & Omit<RulePreview, "findings">) {
  const t = useTexts().rules;
  return (
    <Card withBorder padding="md" className={classes.card} data-stale={isStale || undefined} data-counting={estimate !== null || undefined} aria-label={t.found}>
      <Stack gap="sm">
        <div>
          <Stack gap={2} role="status" aria-live="polite">
            <Text className={classes.count}>{estimate ? estimateInWords(t, estimate) : preview ? formatNumber(preview.count) : "–"}</Text>
            <Text c="dimmed" size="sm">
              {estimate ? t.estimated : preview && contactCount ? t.ofAll(formatShare(preview.count / contactCount)) : t.contactsFound}
            </Text>
          </Stack>
          {isPartial && (
            <Text size="sm" c="dimmed">
              {t.incompleteRule}
            </Text>
          )}
        </div>
        {error && !isPartial && (
          <Alert color="red" role="alert">
            {messageOf(error)}
          </Alert>
        )}
        {preview && (
          <>
            {preview.difference && (
              <Group gap="md" role="status">
                <Text size="sm" className={classes.plus}>
                  {t.entering(preview.difference.entering)}
                </Text>
                <Text size="sm" className={classes.minus}>
                  {t.leaving(preview.difference.leaving)}
                </Text>
              </Group>
            )}
            <Text size="sm">{t.reachable(preview.reachable, preview.count)}</Text>
            <div>
              <Text size="xs" fw={600} c="dimmed">
                {t.inWords}
              </Text>
              <Text size="sm" className={classes.words}>
                {preview.ruleText}
              </Text>
            </div>
            {preview.contacts && preview.contacts.length > 0 && (
              <div>
                <Text size="xs" fw={600} c="dimmed">
                  {t.someOfThem}
                </Text>
                <ul className={classes.sample}>
                  {preview.contacts.map(({ id, name, email, phone }) => (
                    <li key={id} data-whole="">
                      <LinkTo size="sm" to={`/contacts/${id}` as "/contacts"}>
                        {name || email || phone || t.nameless}
                      </LinkTo>
                      {name && (email || phone) && (
                        <Text size="xs" c="dimmed" component="span">
                          {email || phone}
                        </Text>
                      )}
                    </li>
                  ))}
                </ul>
              </div>
            )}
          </>
        )}
        {isStale && !isPartial && <VisuallyHidden>{t.counting}</VisuallyHidden>}
      </Stack>
    </Card>
  );
});
