/** Fields that somebody typed into before React was there, by their ids. */
const typed = new Map<string, HTMLInputElement>();

/** Told of what is typed into what was drawn early. */
export function keepTyped({ target }: Event): void {
  if (target instanceof HTMLInputElement && target.id) typed.set(target.id, target);
}

/** Puts what was typed into the fields that have replaced those, as if it were typed now, with the cursor where it was. */
export function passOnTyped(): void {
  for (const [id, early] of typed) {
    const field = document.getElementById(id);
    if (field === early) continue; // it is still there
    typed.delete(id);
    if (!(field instanceof HTMLInputElement)) continue;
    const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")?.set; // React has one of its own on each field
    set?.call(field, early.value);
    field.dispatchEvent(new Event("input", { bubbles: true }));
    if (early.selectionStart !== null) field.setSelectionRange(early.selectionStart, early.selectionEnd, early.selectionDirection ?? "none");
  }
}
