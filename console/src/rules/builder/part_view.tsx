import { Badge, Button, NativeSelect, Text } from "@mantine/core";
import { IconAlertTriangle, IconPlus } from "@tabler/icons-react";
import { memo, useContext, type KeyboardEvent } from "react";

import { formatNumber } from "../../format/numbers";
import { useTexts } from "../../texts/texts";
import { useRuleCatalogue } from "../catalogue";
import { added } from "../edits";
import { isCompleteLeaf, type Leaf } from "../rule";
import { newGroup, newLeaf, type GroupNode, type LeafNode, type Node } from "../tree";
import { leafName } from "../words";
import { ActivityLeaf } from "./activity_leaf";
import classes from "./builder.module.css";
import { FindingsContext, useEdits } from "./context";
import { FieldLeaf } from "./field_leaf";
import { SegmentLeaf, TagsLeaf } from "./group_leaves";
import { actionOf } from "./part_actions";
import { PartMenu } from "./part_menu";
import { SubjectSelect } from "./subject_select";

/** A part of the rule: a condition, or a group with its parts. Drawn again only when it changes itself. */
export const PartView = memo(function PartView({ node, isRoot = false }: { node: Node; isRoot?: boolean }) {
  const { edit, root } = useEdits();
  const t = useTexts().rules;
  // Before the controls take the arrows for themselves; of the parts around a control, the innermost one.
  const onKeyDown = (event: KeyboardEvent) => {
    const action = actionOf(event);
    if (!action || !(event.target instanceof Element) || event.target.closest("[data-part]") !== event.currentTarget) return;
    event.preventDefault();
    event.stopPropagation();
    if (action.can(root(), node)) edit((tree) => action.change(tree, node.key), t[action.said(node)]);
  };
  return node.is === "leaf" ? (
    <LeafView node={node} onKeyDown={onKeyDown} />
  ) : (
    <GroupView node={node} onKeyDown={onKeyDown} isRoot={isRoot} />
  );
});

type Keys = { onKeyDown: (event: KeyboardEvent) => void };

function Nots({ count }: { count: number }) {
  const t = useTexts().rules;
  if (count === 0) return null;
  return (
    <Badge size="sm" radius="sm" color="red" variant="light" tt="none" autoContrast className={classes.not}>
      {Array(count).fill(t.not).join(" ")}
    </Badge>
  );
}

function LeafView({ node, onKeyDown }: { node: LeafNode } & Keys) {
  const t = useTexts().rules;
  const { setLeaf } = useEdits();
  const catalogue = useRuleCatalogue();
  const name = leafName(t, catalogue, node.leaf);
  const change = (leaf: Leaf) => setLeaf(node.key, leaf);
  const { leaf } = node;
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- the keys act on the controls' own row
    <div className={classes.leaf} role="group" aria-label={name} data-part={node.key} onKeyDownCapture={onKeyDown}>
      <div className={classes.controls}>
        <Nots count={node.nots} />
        <SubjectSelect leaf={leaf} onChange={change} />
        {leaf.field && <FieldLeaf condition={leaf.field} onChange={(field) => change({ field })} />}
        {leaf.tags && <TagsLeaf condition={leaf.tags} onChange={(tags) => change({ tags })} />}
        {leaf.segment && <SegmentLeaf condition={leaf.segment} onChange={(segment) => change({ segment })} />}
        {leaf.activity && <ActivityLeaf condition={leaf.activity} onChange={(activity) => change({ activity })} />}
      </div>
      <div className={classes.end}>
        <Count node={node} />
        <PartMenu node={node} name={name} />
      </div>
      <Notes nodeKey={node.key} />
    </div>
  );
}

/** How many contacts the condition finds by itself. */
function Count({ node }: { node: LeafNode }) {
  const t = useTexts().rules;
  const count = useContext(FindingsContext).counts.get(node.key);
  const isKnown = count !== undefined && isCompleteLeaf(node.leaf);
  return (
    <Text size="xs" c="dimmed" className={`numeric ${classes.count}`} title={isKnown ? t.counts(count) : undefined}>
      {isKnown && formatNumber(count)}
    </Text>
  );
}

/** Warnings and mistakes, beside the part that they are about. */
function Notes({ nodeKey }: { nodeKey: string }) {
  const { warnings, errors } = useContext(FindingsContext);
  const own = [...(errors.get(nodeKey) ?? []), ...(warnings.get(nodeKey) ?? [])];
  if (own.length === 0) return null;
  const wrong = errors.has(nodeKey);
  return (
    <div className={classes.notes} role="status" data-wrong={wrong || undefined}>
      {own.map((text) => (
        <Text key={text} size="xs" component="div" className={classes.note}>
          <IconAlertTriangle size={14} aria-hidden />
          {text}
        </Text>
      ))}
    </div>
  );
}

function GroupView({ node, onKeyDown, isRoot }: { node: GroupNode; isRoot: boolean } & Keys) {
  const t = useTexts().rules;
  const { setJoin } = useEdits();
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- as in a condition
    <div
      className={isRoot ? classes.root : classes.group}
      role="group"
      aria-label={isRoot ? t.rule : t.group}
      data-part={node.key}
      data-join={node.join}
      onKeyDownCapture={onKeyDown}
    >
      <div className={classes.head}>
        <Nots count={node.nots} />
        <NativeSelect
          size="xs"
          className={classes.fit}
          aria-label={t.joinLabel}
          value={node.join}
          data={[
            { value: "all", label: t.allLong },
            { value: "any", label: t.anyLong },
          ]}
          onChange={(event) => setJoin(node.key, event.currentTarget.value as "all" | "any")}
        />
        <span className={classes.grow} />
        {node.parts.length > 0 && <PartMenu node={node} name={isRoot ? t.rule : t.group} />}
      </div>
      {node.parts.map((part, index) => (
        <div key={part.key} className={classes.part}>
          {index > 0 && (
            <span className={classes.join} aria-hidden>
              {node.join === "all" ? t.and : t.or}
            </span>
          )}
          <PartView node={part} />
        </div>
      ))}
      <Notes nodeKey={node.key} />
      <AddButtons groupKey={node.key} inner={node.join === "all" ? "any" : "all"} />
    </div>
  );
}

/** Adds a condition, or a group with one that is joined by `inner`, at the end of a group. */
export function AddButtons({ groupKey, inner = "any" }: { groupKey: string; inner?: "all" | "any" }) {
  const t = useTexts().rules;
  const { edit } = useEdits();
  return (
    <div className={classes.add}>
      <Button
        size="compact-sm"
        variant="light"
        leftSection={<IconPlus size={14} />}
        data-add
        onClick={() => edit((tree) => added(tree, groupKey, newLeaf()), t.added)}
      >
        {t.add}
      </Button>
      <Button
        size="compact-sm"
        variant="subtle"
        onClick={() => {
          const leaf = newLeaf();
          edit((tree) => ({ ...added(tree, groupKey, newGroup(inner, [leaf])), focus: leaf.key }), t.added);
        }}
      >
        {t.addGroup}
      </Button>
    </div>
  );
}
