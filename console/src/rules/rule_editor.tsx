import { Loader, Skeleton, Text } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { lazy, Suspense, useState, type ReactNode } from "react";

import { Segments } from "../components/segments";
import { useTexts } from "../texts/texts";
import type { catalogue_rules$key } from "../__generated__/catalogue_rules.graphql";
import { RuleBuilder } from "./builder/rule_builder";
import { CatalogueProvider } from "./catalogue";
import type { RuleInput } from "./rule";
import classes from "./rule_editor.module.css";
import type { RuleFindings } from "./use_rule_preview";

const TextForm = lazy(() => import("./text/text_form").then((module) => ({ default: module.TextForm })));

const SIDE_BY_SIDE_PX = 860;
/** The menu of the console, and what lies around the content. */
const MENU_PX = 260;
/** How high the text of a short rule is: what is below it stays where it is while its editor is loaded. */
const TEXT_PX = 142;

export type RuleForm = "builder" | "text";

/**
 * Edits a rule by clicks and as text, side by side where there is room. One rule is behind both:
 *
 *     const [rule, setRule] = useState<RuleInput>(EMPTY_RULE);        // both of rules/rule.ts
 *     const preview = useRulePreview(rule);                           // rules/use_rule_preview.ts: counts while it is edited
 *     <RuleEditor value={rule} onChange={setRule} findings={preview.findings} aside={<PreviewPanel {...preview} />} />
 *
 * `onChange` must keep the very object that it gets. `EMPTY_RULE` is a rule without conditions, which the API refuses: ask `isEmptyRule`, and
 * `isComplete` whether each condition has all that it needs, before a rule is sent.
 *
 * - `findings`: counts, warnings and mistakes, which are shown beside the conditions that they are about; those of `useRulePreview`, or the
 *   user errors of a refused mutation as `{ conditions: [], warnings: [], errors: [{ path, message }] }`, with paths that begin with "rule".
 * - `mayActivities={false}`: no condition on activities can be added, as in a DYNAMIC segment.
 * - `catalogue`: the fragment `catalogue_rules` of the screen's own query, so that no request of its own is needed; else it suspends.
 * - `text`: the rule's text as it was read, to begin with.
 * - `form`, `onForm`: which of both is shown where there is room for one, when the address keeps it.
 * - `isNarrow`: always one of both, as in a drawer. `aside`: what stands below the text, such as the preview.
 */
export function RuleEditor({
  value,
  onChange,
  findings,
  mayActivities,
  catalogue,
  text,
  form,
  onForm,
  isNarrow = false,
  hint,
  aside,
}: {
  value: RuleInput;
  onChange: (rule: RuleInput) => void;
  findings?: RuleFindings;
  mayActivities?: boolean;
  catalogue?: catalogue_rules$key;
  text?: string | null;
  form?: RuleForm;
  onForm?: (form: RuleForm) => void;
  isNarrow?: boolean;
  /** What is said below the conditions. */
  hint?: ReactNode;
  aside?: ReactNode;
}) {
  const t = useTexts();
  const { ref, width } = useElementSize();
  const [ownForm, setOwnForm] = useState<RuleForm>("builder");
  const shown = form ?? ownForm;
  // Before it is measured, its width is what the menu of the console leaves of the page.
  const both = !isNarrow && (width || document.documentElement.clientWidth - MENU_PX) >= SIDE_BY_SIDE_PX;
  const [opened, setOpened] = useState(shown === "text");
  const choose = (next: string) => {
    const chosen = next === "text" ? "text" : "builder";
    if (chosen === "text") setOpened(true);
    setOwnForm(chosen);
    onForm?.(chosen);
  };
  return (
    <div ref={ref} className={both ? classes.both : classes.one}>
      {!both && (
        <Segments
          label={t.rules.forms}
          value={shown}
          onChange={choose}
          choices={[
            { value: "builder", label: t.rules.builder },
            { value: "text", label: t.rules.text },
          ]}
        />
      )}
      <section className={classes.pane} aria-label={t.rules.builder} hidden={!both && shown !== "builder"}>
        <Suspense fallback={<Loader size="sm" aria-label={t.common.loading} />}>
          <CatalogueProvider catalogue={catalogue}>
            <RuleBuilder value={value} onChange={onChange} findings={findings} mayActivities={mayActivities} />
          </CatalogueProvider>
        </Suspense>
        {hint}
      </section>
      <div className={classes.side}>
        <section className={classes.pane} aria-label={t.rules.text} hidden={!both && shown !== "text"}>
          {both && (
            <Text size="sm" fw={600}>
              {t.rules.text}
            </Text>
          )}
          {(both || opened) && (
            <Suspense fallback={<Skeleton height={TEXT_PX} role="progressbar" aria-label={t.common.loading} />}>
              <TextForm value={value} onChange={onChange} text={text} />
            </Suspense>
          )}
        </section>
        {aside}
      </div>
    </div>
  );
}
