import type { ComponentProps, CSSProperties, ReactNode } from "react";

import { AwaitedField } from "./awaited_field";
import classes from "./form_parts.module.css";

// Parts of forms without hooks: they are drawn before React is there, and look as Mantine's do.

/** A part of a form, with its title. */
export function FormCard({ title, isClose = false, maxWidth, children }: { title?: string; isClose?: boolean; maxWidth?: number; children: ReactNode }) {
  return (
    <div className={classes.card} data-close={isClose || undefined} style={{ maxWidth }}>
      {title && <h2 className={classes.title}>{title}</h2>}
      {children}
    </div>
  );
}

/** Parts of a form, one below the other. */
export function FormStack({ maxWidth, isWide = false, children }: { maxWidth?: number; isWide?: boolean; children: ReactNode }) {
  return (
    <div className={classes.stack} data-wide={isWide || undefined} style={{ maxWidth }}>
      {children}
    </div>
  );
}

/** A form with something beside it where there is room, which is `sideSpan` of twelve columns wide. */
export function FormColumns({ side, sideSpan, children }: { side: ReactNode; sideSpan: number; children: ReactNode }) {
  return (
    <div className={classes.columns}>
      <div style={{ gridColumnEnd: `span ${12 - sideSpan}` }}>{children}</div>
      <div style={{ gridColumnEnd: `span ${sideSpan}` }}>{side}</div>
    </div>
  );
}

export function FormTitle({ children }: { children: ReactNode }) {
  return <h2 className={classes.title}>{children}</h2>;
}

type FieldWords = { label: string; hint?: string; isHintBelow?: boolean; isRequired?: boolean; style?: CSSProperties };

function Field({ id, label, hint, isHintBelow = false, isRequired = false, error, style, children }: FieldWords & { id?: string; error?: string; children: ReactNode }) {
  const hints = hint && (
    <p id={id && `${id}-hint`} className={classes.hint}>
      {hint}
    </p>
  );
  const Label = id ? "label" : "span"; // a label without its field would be of nothing
  return (
    <div className={classes.field} style={style}>
      <Label className={classes.label} htmlFor={id}>
        {label}
        {isRequired && (
          <span className={classes.required} aria-hidden>
            {" *"}
          </span>
        )}
      </Label>
      {!isHintBelow && hints}
      <div className={classes.control}>{children}</div>
      {isHintBelow && hints}
      {error && (
        <p id={id && `${id}-error`} className={classes.error}>
          {error}
        </p>
      )}
    </div>
  );
}

/**
 * A field for a line of text, by its id. What is typed into it before React is there is in it afterwards too: the field of the same id takes
 * it over (frame/typed.ts).
 */
export function TextField({
  label,
  hint,
  isHintBelow,
  isRequired,
  error,
  style,
  ...input
}: FieldWords & { id: string; error?: string } & Omit<ComponentProps<"input">, "id" | "style" | "className" | "ref">) {
  const describedBy = [hint && `${input.id}-hint`, error && `${input.id}-error`].filter(Boolean).join(" ");
  return (
    <Field id={input.id} label={label} hint={hint} isHintBelow={isHintBelow} isRequired={isRequired} error={error} style={style}>
      <input type="text" {...input} data-field={input.id} className={classes.input} aria-describedby={describedBy || undefined} aria-invalid={error ? true : undefined} />
    </Field>
  );
}

/** The place of a field that cannot be used before React is there, such as one with a list to choose from, with its words. */
export function AwaitedChoice({ label, hint, isHintBelow, isRequired, style, ...field }: FieldWords & { placeholder?: string; value?: string }) {
  return (
    <Field label={label} hint={hint} isHintBelow={isHintBelow} isRequired={isRequired} style={style}>
      <AwaitedField label={label} placeholder="" {...field} />
    </Field>
  );
}

/** The place of something to tick or to choose among others, with its words. */
export function AwaitedMark({ kind, label, hint, isChosen = false, className }: { kind: "radio" | "checkbox" | "switch"; label: string; hint?: string; isChosen?: boolean; className?: string }) {
  const words = (
    <div className={classes.choice}>
      <span className={classes.mark} data-kind={kind} data-chosen={isChosen || undefined}>
        {kind === "checkbox" && isChosen && (
          <svg viewBox="0 0 10 7" aria-hidden>
            <path d="M4 4.586L1.707 2.293A1 1 0 1 0 .293 3.707l3 3a.997.997 0 0 0 1.414 0l5-5A1 1 0 1 0 8.293.293L4 4.586z" fill="currentColor" />
          </svg>
        )}
      </span>
      <div className={classes.choiceWords}>
        <span>{label}</span>
        {hint && <p className={classes.hint}>{hint}</p>}
      </div>
    </div>
  );
  return className ? (
    <div className={className} data-chosen={isChosen || undefined}>
      {words}
    </div>
  ) : (
    words
  );
}

/** Several of them under one heading. */
export function AwaitedMarks({ label, hint, children }: { label: string; hint?: string; children: ReactNode }) {
  return (
    <Field label={label} hint={hint}>
      {children}
    </Field>
  );
}

/** Something that whoever fills in the form should know. */
export function Notice({ color, title, children }: { color: string; title: string; children: ReactNode }) {
  const colors = { background: `var(--mantine-color-${color}-light)`, color: `var(--mantine-color-${color}-light-color)` };
  return (
    <div className={classes.notice} style={colors}>
      <strong className={classes.noticeTitle}>{title}</strong>
      <div className={classes.noticeWords}>{children}</div>
    </div>
  );
}
