import { Button, Text } from "@mantine/core";
import { IconWand } from "@tabler/icons-react";
import type { EditorView } from "@codemirror/view";
import { useEffect, useEffectEvent, useRef, useState } from "react";
import { useRelayEnvironment } from "react-relay";

import { useTexts } from "../../texts/texts";
import { EMPTY_RULE, isComplete, isEmptyRule, type RuleInput } from "../rule";
import { readText, writeText, type RuleMistake } from "../rule_text";
import { codeEditor, fromOutside } from "./code_editor";
import { unitsOf } from "./code_points";
import { underline } from "./marks";
import classes from "./text_form.module.css";

const WAIT_MS = 150;

type Running = { unsubscribe: () => void };

function nonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";
}

/** The rule as text. The server reads and writes it, so there is one grammar; mistakes are underlined and listed, with what to write instead. */
export function TextForm({ value, onChange, text }: { value: RuleInput; onChange: (rule: RuleInput) => void; text?: string | null }) {
  const t = useTexts().rules;
  const environment = useRelayEnvironment();
  const box = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const own = useRef<RuleInput | null>(text ? value : null);
  const running = useRef<Running | null>(null);
  const [mistakes, setMistakes] = useState<readonly RuleMistake[]>([]);

  const show = (mistakesNow: readonly RuleMistake[]) => {
    setMistakes(mistakesNow);
    const shown = view.current;
    if (!shown) return;
    const doc = shown.state.doc.toString();
    shown.dispatch({ effects: underline.of(mistakesNow.map(({ start, end }) => ({ from: unitsOf(doc, start), to: unitsOf(doc, end) }))) });
  };
  const give = (rule: RuleInput) => {
    own.current = rule;
    onChange(rule);
  };
  const typed = useEffectEvent((doc: string) => {
    running.current?.unsubscribe();
    if (doc.trim() === "") {
      show([]);
      return give(EMPTY_RULE);
    }
    let request: Running | undefined;
    const timer = setTimeout(() => {
      request = readText(environment, doc).subscribe({
        next: ({ ruleFromQuery: { rule, errors } }) => {
          show(errors);
          if (rule) give(rule as RuleInput);
        },
        error: () => undefined,
      });
    }, WAIT_MS);
    running.current = {
      unsubscribe: () => {
        clearTimeout(timer);
        request?.unsubscribe();
      },
    };
  });
  const write = useEffectEvent((doc: string) => {
    const shown = view.current;
    if (!shown) return;
    if (shown.state.doc.toString() !== doc) {
      shown.dispatch({ changes: { from: 0, to: shown.state.doc.length, insert: doc }, annotations: fromOutside.of(true) });
    }
    show([]);
  });

  useEffect(() => {
    if (!box.current) return;
    const made = codeEditor({
      parent: box.current,
      text: view.current?.state.doc.toString() ?? text ?? "",
      label: t.textLabel,
      hint: t.textPlaceholder,
      environment,
      nonce: nonce(),
      changed: (doc) => typed(doc),
    });
    view.current = made;
    return () => {
      running.current?.unsubscribe();
      made.destroy();
    };
    // The first text is only that: later ones are written by the next effect. In another language the text stays.
    // eslint-disable-next-line react/exhaustive-deps
  }, [environment, t]);

  useEffect(() => {
    if (value === own.current) return;
    own.current = null;
    running.current?.unsubscribe();
    if (isEmptyRule(value)) return write("");
    if (!isComplete(value)) return;
    let request: Running | undefined;
    const timer = setTimeout(() => {
      request = writeText(environment, value).subscribe({ next: ({ ruleToQuery }) => write(ruleToQuery), error: () => undefined });
    }, WAIT_MS);
    return () => {
      clearTimeout(timer);
      request?.unsubscribe();
    };
  }, [environment, value]);

  const fix = ({ start, end, replacement }: RuleMistake) => {
    const shown = view.current;
    if (!shown || replacement === null || replacement === undefined) return;
    const doc = shown.state.doc.toString();
    const [from, to] = [unitsOf(doc, start), unitsOf(doc, end)];
    shown.dispatch({ changes: { from, to, insert: replacement }, selection: { anchor: from + replacement.length } });
    shown.focus();
  };
  return (
    <div className={classes.form}>
      <div ref={box} className={classes.editor} data-wrong={mistakes.length > 0 || undefined} />
      <div role="status">
        {mistakes.length > 0 && (
          <>
            <Text size="sm" fw={600}>
              {t.mistakes(mistakes.length)}
            </Text>
            <ul className={classes.mistakes}>
              {mistakes.slice(0, 5).map((mistake) => (
                <li key={`${mistake.start} ${mistake.message}`}>
                  <Text size="sm" component="span" title={t.at(mistake.line, mistake.column)}>
                    {mistake.message}
                  </Text>{" "}
                  {mistake.replacement !== null && mistake.replacement !== undefined && (
                    <Button size="compact-xs" variant="light" leftSection={<IconWand size={12} />} onClick={() => fix(mistake)}>
                      {t.fix(mistake.replacement)}
                    </Button>
                  )}
                </li>
              ))}
            </ul>
            <Text size="xs" c="dimmed">
              {t.textStale}
            </Text>
          </>
        )}
        {mistakes.length === 0 && !isEmptyRule(value) && !isComplete(value) && (
          <Text size="xs" c="dimmed">
            {t.builderStale}
          </Text>
        )}
      </div>
    </div>
  );
}
