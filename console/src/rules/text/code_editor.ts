import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { Annotation, EditorState } from "@codemirror/state";
import { drawSelection, EditorView, keymap, placeholder } from "@codemirror/view";
import type { Environment } from "relay-runtime";

import { completing } from "./completing";
import { coloured, underlined } from "./marks";

/** Marks a change that did not come from a person. */
export const fromOutside = Annotation.define<boolean>();

const look = EditorView.theme({
  "&": { fontSize: "13px", color: "var(--mantine-color-text)", backgroundColor: "var(--mantine-color-body)" },
  "&.cm-focused": { outline: "none" },
  ".cm-content": { fontFamily: "var(--mantine-font-family-monospace)", padding: "10px", minHeight: "140px", caretColor: "currentColor" },
  ".cm-line": { padding: "0 2px" },
  ".cm-scroller": { lineHeight: "1.6", maxHeight: "420px" },
  ".cm-cursor": { borderLeftColor: "currentColor" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "color-mix(in srgb, var(--mantine-color-brand-5) 28%, transparent)",
  },
  ".cm-placeholder": { color: "var(--mantine-color-dimmed)" },
  ".cm-tooltip": {
    backgroundColor: "var(--mantine-color-body)",
    border: "1px solid var(--line)",
    borderRadius: "8px",
    boxShadow: "var(--mantine-shadow-md)",
    overflow: "hidden",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--mantine-font-family-monospace)", maxHeight: "260px" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "4px 10px" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": {
    color: "var(--mantine-color-text)",
    backgroundColor: "color-mix(in srgb, var(--mantine-color-brand-5) 22%, transparent)",
  },
  ".cm-completionDetail": { color: "var(--mantine-color-dimmed)", fontStyle: "normal" },
});

/** The editor of a rule's text. `changed` is called with each text that a person makes. */
export function codeEditor(options: {
  parent: HTMLElement;
  text: string;
  label: string;
  hint: string;
  environment: Environment;
  nonce: string;
  changed: (text: string) => void;
}): EditorView {
  return new EditorView({
    parent: options.parent,
    state: EditorState.create({
      doc: options.text,
      extensions: [
        EditorView.cspNonce.of(options.nonce),
        history(),
        drawSelection(),
        closeBrackets(),
        EditorView.lineWrapping,
        autocompletion({ override: [completing(options.environment)], icons: false, activateOnTypingDelay: 80 }),
        keymap.of([...closeBracketsKeymap, ...completionKeymap, ...defaultKeymap, ...historyKeymap]),
        placeholder(options.hint),
        EditorView.contentAttributes.of({ "aria-label": options.label, spellcheck: "false", autocapitalize: "off" }),
        look,
        coloured,
        underlined,
        EditorView.updateListener.of((update) => {
          const isOutside = update.transactions.some((transaction) => transaction.annotation(fromOutside));
          if (update.docChanged && !isOutside) options.changed(update.state.doc.toString());
        }),
      ],
    }),
  });
}
