import { RangeSetBuilder, StateEffect, StateField, type Text } from "@codemirror/state";
import { Decoration, EditorView, MatchDecorator, ViewPlugin, type DecorationSet, type ViewUpdate } from "@codemirror/view";

const TOKENS =
  /(#[^\n]*)|('(?:[^']|'')*'|"(?:[^"]|"")*")|\b(and|or|not|all|any|in|segment|tagged|none|where|between|within|last|next|more|than|ago|ahead|since|until|is|set|has|contains|starts|ends|with|anniversary|true|false|count|sum|average|minimum|maximum|distinct|first)\b|(\b\d{4}-\d\d-\d\d(?:[Tt ][\d:.]+(?:[Zz]|[+-]\d\d:\d\d)?)?|\b\d+(?:\.\d+)?\b)/gi;
const CLASSES = ["comment", "string", "keyword", "number"] as const;
const marks = CLASSES.map((name) => Decoration.mark({ class: `cm-rule-${name}` }));

const matcher = new MatchDecorator({
  regexp: TOKENS,
  decoration: (match) => marks[CLASSES.findIndex((_, index) => match[index + 1] !== undefined)] ?? Decoration.mark({}),
});

/** Colours words, texts, numbers and comments. What the words mean is the server's to say. */
export const coloured = ViewPlugin.define(
  (view) => ({
    decorations: matcher.createDeco(view),
    update(update: ViewUpdate) {
      this.decorations = matcher.updateDeco(update, this.decorations);
    },
  }),
  { decorations: (plugin) => plugin.decorations },
);

export type Span = { from: number; to: number };

/** Underlines these places; the text's next change moves them along. */
export const underline = StateEffect.define<readonly Span[]>();

export const underlined = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update: (before, transaction) => {
    for (const effect of transaction.effects) if (effect.is(underline)) return drawn(effect.value, transaction.newDoc);
    return before.map(transaction.changes);
  },
  provide: (field) => EditorView.decorations.from(field),
});

const wrong = Decoration.mark({ class: "cm-rule-wrong" });

function drawn(spans: readonly Span[], doc: Text): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>();
  let last = 0;
  for (const { from, to } of spans) {
    const start = Math.max(last, from === to ? Math.max(0, from - 1) : from);
    const end = Math.min(doc.length, Math.max(to, start + 1));
    if (start < end) builder.add(start, end, wrong);
    last = Math.max(last, end);
  }
  return builder.finish();
}
