import { Alert, Box, Button, Group, Stack, Text, UnstyledButton, VisuallyHidden } from "@mantine/core";
import { useEffect, useRef, useState, type FormEvent, type KeyboardEvent, type ReactNode } from "react";

import { useTexts } from "../../texts/texts";
import classes from "./editable_field.module.css";
import { isSame, type Definition } from "./field_definitions";
import { FieldInput, type InputValue, inputValueOf, valueOfInput } from "./field_input";
import { FieldValue } from "./field_value";
import { useFieldSave, type Conflict } from "./use_field_save";

/** A value of a contact: a button that shows it and opens its editor. */
export function EditableField({
  contactId,
  definition,
  label,
  value,
  zone,
  mayWrite,
}: {
  contactId: string;
  definition: Definition;
  label: string;
  value: unknown;
  zone: string;
  mayWrite: boolean;
}) {
  const t = useTexts().contacts.page;
  const [isOpen, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const [returns, setReturns] = useState(false);
  useEffect(() => {
    if (returns && !isOpen) button.current?.focus();
  }, [returns, isOpen]);
  const close = () => {
    setReturns(true);
    setOpen(false);
  };
  const shown = <FieldValue definition={definition} value={value} zone={zone} />;
  if (isOpen) {
    return (
      <FieldRow label={label} isOpen>
        <Editor contactId={contactId} definition={definition} label={label} value={value} zone={zone} onClose={close} />
      </FieldRow>
    );
  }
  return (
    <FieldRow label={label}>
      {mayWrite ? (
        <UnstyledButton ref={button} className={classes.value} onClick={() => setOpen(true)}>
          <VisuallyHidden>{t.edit(label)} </VisuallyHidden>
          {shown}
        </UnstyledButton>
      ) : (
        <div className={classes.fixed}>{shown}</div>
      )}
    </FieldRow>
  );
}

function Editor({
  contactId,
  definition,
  label,
  value,
  zone,
  onClose,
}: {
  contactId: string;
  definition: Definition;
  label: string;
  value: unknown;
  zone: string;
  onClose: () => void;
}) {
  const t = useTexts();
  const [base, setBase] = useState(value);
  const [input, setInput] = useState<InputValue>(() => inputValueOf(definition, value, zone));
  const [error, setError] = useState<string | null>(null);
  const [refused, setConflict] = useState<Conflict | null>(null);
  const [save, busy] = useFieldSave(contactId, definition);
  const conflict = refused ?? (isSame(base, value) || busy ? null : { theirs: value, by: null });
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    form.current?.querySelector<HTMLElement>("input, textarea, select")?.focus();
  }, []);

  const send = async (against: unknown) => {
    const read = valueOfInput(definition, input, zone);
    if ("wrong" in read) return setError(t.contacts.page.wrong[read.wrong]);
    if (isSame(read.value, against)) return onClose();
    const outcome = await save(read.value, against);
    if (outcome.is === "saved") return onClose();
    setError(outcome.is === "refused" ? outcome.message : null);
    if (outcome.is === "conflict") setConflict(outcome.conflict);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!conflict) void send(base);
  };
  const escape = (event: KeyboardEvent) => {
    if (event.key === "Escape" && !event.defaultPrevented) onClose();
  };

  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- Escape leaves the editor from each of its parts
    <form ref={form} onSubmit={submit} onKeyDown={escape} className={classes.editor} noValidate>
      <Stack gap={6}>
        <FieldInput definition={definition} label={label} value={input} onChange={setInput} error={error} />
        {conflict ? (
          <Alert color="yellow" role="alert" p="xs" title={t.contacts.page.conflict(conflict.by)}>
            <Box mb={6}>
              <FieldValue definition={definition} value={conflict.theirs} zone={zone} />
            </Box>
            <Group gap={6}>
              <Button size="compact-sm" variant="default" onClick={onClose}>
                {t.contacts.page.keepTheirs}
              </Button>
              <Button
                size="compact-sm"
                onClick={() => {
                  setBase(conflict.theirs);
                  setConflict(null);
                  void send(conflict.theirs);
                }}
              >
                {t.contacts.page.saveMine}
              </Button>
            </Group>
          </Alert>
        ) : (
          <Group gap={6}>
            <Button type="submit" size="compact-sm" loading={busy}>
              {t.common.save}
            </Button>
            <Button size="compact-sm" variant="default" onClick={onClose}>
              {t.common.cancel}
            </Button>
          </Group>
        )}
      </Stack>
    </form>
  );
}

/** A name and what belongs to it. */
export function FieldRow({ label, children, isOpen = false }: { label: string; children: ReactNode; isOpen?: boolean }) {
  return (
    <div className={classes.row} data-open={isOpen || undefined}>
      <Text component="dt" size="sm" c="dimmed" className={classes.label}>
        {label}
      </Text>
      <dd className={classes.data}>{children}</dd>
    </div>
  );
}
