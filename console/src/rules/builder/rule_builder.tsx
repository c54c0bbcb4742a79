import { Text, VisuallyHidden } from "@mantine/core";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent } from "react";

import { useTexts } from "../../texts/texts";
import { changed, joined, type Edited } from "../edits";
import type { RuleInput } from "../rule";
import { fromBuilder, partAt, pathsOf, toBuilder, type Node } from "../tree";
import type { RuleFindings } from "../use_rule_preview";
import classes from "./builder.module.css";
import { ActivitiesContext, EditsContext, FindingsContext, type Edits } from "./context";
import { focusPart } from "./focus";
import { AddButtons, PartView } from "./part_view";

type State = { root: Node; rule: RuleInput };

/** The rule as conditions and groups that are clicked, or reached by the keyboard, together. */
export function RuleBuilder({
  value,
  onChange,
  findings,
  mayActivities = true,
}: {
  value: RuleInput;
  onChange: (rule: RuleInput) => void;
  findings?: RuleFindings;
  mayActivities?: boolean;
}) {
  const t = useTexts().rules;
  const box = useRef<HTMLDivElement>(null);
  const [state, setState] = useState<State>(() => ({ root: toBuilder(value), rule: value }));
  const [said, setSaid] = useState("");
  let { root } = state;
  if (state.rule !== value) {
    root = toBuilder(value, state.root);
    setState({ root, rule: value });
  }
  const latest = useRef({ root, onChange });
  const focus = useRef<{ key: string; active: Element | null } | null>(null);
  useLayoutEffect(() => {
    latest.current = { root, onChange };
  });
  useEffect(() => {
    const wanted = focus.current;
    focus.current = null;
    if (wanted && box.current) focusPart(box.current, wanted.key, wanted.active);
  });

  const put = useCallback((next: Node) => {
    const rule = fromBuilder(next);
    latest.current.root = next;
    setState({ root: next, rule });
    latest.current.onChange(rule);
  }, []);
  const edits = useMemo<Edits>(
    () => ({
      edit: (change: (root: Node) => Edited, words: string) => {
        const edited = change(latest.current.root);
        focus.current = { key: edited.focus, active: document.activeElement };
        put(edited.root);
        setSaid((before) => (before === words ? `${words}\u00a0` : words));
      },
      setLeaf: (key, leaf) => put(changed(latest.current.root, key, (node) => (node.is === "leaf" ? { ...node, leaf } : node))),
      setJoin: (key, join) => put(joined(latest.current.root, key, join)),
      root: () => latest.current.root,
    }),
    [put],
  );
  // The places change only with the shape of the rule, so that a value that is typed draws nothing but its own condition again.
  const places = JSON.stringify([...pathsOf(root)]);
  const byKey = useMemo(() => keyed(findings, new Map(JSON.parse(places) as [string, string][])), [findings, places]);
  const isEmpty = root.is === "group" && root.parts.length === 0;
  return (
    <EditsContext.Provider value={edits}>
      <FindingsContext.Provider value={byKey}>
        <ActivitiesContext.Provider value={mayActivities}>
          {/* eslint-disable-next-line jsx-a11y/no-static-element-interactions -- Enter in a value must not send the form around */}
          <div ref={box} className={classes.builder} onKeyDown={keepEnter}>
            {isEmpty && (
              <div>
                <Text fw={600} size="sm">
                  {t.emptyTitle}
                </Text>
                <Text c="dimmed" size="sm">
                  {t.empty}
                </Text>
              </div>
            )}
            {isEmpty ? <div data-part={root.key}>{<AddButtons groupKey={root.key} />}</div> : <PartView node={root} isRoot />}
            {root.is === "leaf" && <AddButtons groupKey={root.key} />}
            <VisuallyHidden role="status">{said}</VisuallyHidden>
          </div>
        </ActivitiesContext.Provider>
      </FindingsContext.Provider>
    </EditsContext.Provider>
  );
}

function keepEnter(event: KeyboardEvent): void {
  if (event.key === "Enter" && event.target instanceof HTMLInputElement) event.preventDefault();
}

/** What is known of the places of the rule, by the keys of the parts that are there now. */
function keyed(findings: RuleFindings | undefined, paths: ReadonlyMap<string, string>) {
  const byPath = new Map([...paths].map(([key, path]) => [path, key]));
  const counts = new Map<string, number>();
  for (const { path, count } of findings?.conditions ?? []) {
    const key = byPath.get(path.join("/"));
    if (key) counts.set(key, count);
  }
  const gathered = (notes: readonly { path: readonly string[]; message: string }[]) => {
    const found = new Map<string, string[]>();
    for (const { path, message } of notes) {
      const key = partAt(paths, path);
      if (key) found.set(key, [...(found.get(key) ?? []), message]);
    }
    return found;
  };
  return { counts, warnings: gathered(findings?.warnings ?? []), errors: gathered(findings?.errors ?? []) };
}
