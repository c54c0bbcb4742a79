/**
 * Puts the focus where the work goes on after an edit: back on the control that had it when that is still in the part, else on the
 * part's first control. It waits for a menu that gives the focus back as it closes.
 */
export function focusPart(box: HTMLElement, key: string, active: Element | null): void {
  setTimeout(() => {
    const part = box.querySelector(`[data-part="${key}"]`);
    if (active instanceof HTMLElement && active !== document.body && part?.contains(active)) active.focus();
    else targetIn(part ?? box)?.focus();
  }, 60);
}

/** A new condition begins with what it is about; of others, the menu is the place that has all actions. */
function targetIn(part: Element): HTMLElement | null {
  const subject = part.querySelector<HTMLInputElement>(":scope > div > * [data-subject], [data-subject]");
  if (subject && subject.value === "") return subject;
  return part.querySelector<HTMLElement>("[data-part-menu]") ?? part.querySelector<HTMLElement>("[data-add], input, select, button");
}
