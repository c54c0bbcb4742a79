import classes from "./shown_whole.module.css";

// What has no room is cut, and shown whole beside its place to who points at it, touches it or comes to it with the Tab key. Elements say by
// `data-whole` that this may be: empty, their own text is shown, else the words in it. With `data-more` some words are hidden in any case. What
// a `title` explains is shown in the same way to who touches it. Nothing is measured until somebody does one of these.

const CUT = "[data-whole]";

/** What is touched for something else, and what has the focus in any case. */
const ACTIVE = "a, button, input, select, textarea, label, summary, [role=button], [role=option], [role=menuitem]";

/** The same, and what holds words that are cut and takes the focus as a whole. */
const FOCUSED = `${ACTIVE}, .react-flow__node`;

/** So long somebody points at what is cut, as with a title. */
const POINTED_MS = 400;

const ID = "whole";

const GAP_PX = 2;
const EDGE_PX = 8;

let box: HTMLElement | undefined;
/** What is shown whole now, and whether it has the focus: then it is followed when the page scrolls. */
let shown: HTMLElement | undefined;
let isFocused = false;
let pointed: ReturnType<typeof setTimeout> | undefined;

/** Begins to listen. */
export function showCutWhole(): void {
  document.addEventListener("pointerover", point);
  document.addEventListener("pointerdown", ({ target }) => !isIn(box, target) && !isIn(shown, target) && hide());
  document.addEventListener("click", touch);
  window.addEventListener("keydown", key, true); // before the focus goes on, and before a dialog that keeps it
  document.addEventListener("focusin", focus);
  document.addEventListener("focusout", () => isFocused && hide());
  document.addEventListener("scroll", follow, true);
  window.addEventListener("resize", hide);
}

function point({ target, pointerType }: PointerEvent): void {
  clearTimeout(pointed);
  if (pointerType !== "mouse" || isIn(box, target)) return;
  const element = closest(target, CUT);
  if (element === shown) return;
  if (!isFocused) hide();
  if (element && wordsOf(element)) pointed = setTimeout(() => show(element, wordsOf(element)), POINTED_MS);
}

function touch(event: MouseEvent): void {
  const { pointerType } = event as PointerEvent;
  if (pointerType === "mouse" || !pointerType || isIn(box, event.target) || closest(event.target, ACTIVE)) return;
  const [cut, explained] = [closest(event.target, CUT), closest(event.target, "[title]")];
  const element = cut && wordsOf(cut) ? cut : explained;
  const words = new Set([cut && wordsOf(cut), explained?.title].filter(Boolean));
  if (element && element !== shown) show(element, [...words].join("\n"));
  else hide();
}

function key(event: KeyboardEvent): void {
  if (event.key === "Tab") letFocus();
  if (event.key !== "Escape" || !shown) return;
  hide();
  event.stopImmediatePropagation(); // a dialog around it stays
}

/** Lets the Tab key stop at what is cut now, unless something in it or around it has a stop already. */
function letFocus(): void {
  for (const element of document.querySelectorAll<HTMLElement>(CUT)) {
    const stops = element.dataset.stop !== undefined;
    if (stops === needsStop(element)) continue;
    if (stops) {
      element.removeAttribute("tabindex");
      delete element.dataset.stop;
    } else {
      element.tabIndex = 0;
      element.dataset.stop = "";
    }
  }
}

function needsStop(element: HTMLElement): boolean {
  return !element.closest(FOCUSED) && !element.querySelector(`${ACTIVE}, ${CUT}`) && wordsOf(element) !== "";
}

function focus({ target }: FocusEvent): void {
  if (!(target instanceof HTMLElement) || !target.matches(":focus-visible")) return;
  const around = target.closest<HTMLElement>(CUT);
  const words = around ? wordsOf(around) : target.matches(FOCUSED) ? [...target.querySelectorAll<HTMLElement>(CUT)].map(wordsOf).filter(Boolean).join("\n") : "";
  if (!words) return;
  show(around ?? target, words);
  isFocused = true;
  if (around?.dataset.whole) target.setAttribute("aria-describedby", ID); // else what is read aloud is the text of the element, which is whole
}

/** What there is to show of an element; empty when nothing of it is cut. */
function wordsOf(element: HTMLElement): string {
  return element.dataset.more !== undefined || isCut(element) ? element.dataset.whole || element.innerText : "";
}

function isCut(element: HTMLElement): boolean {
  if (element.clientHeight > 0 && element.scrollHeight > element.clientHeight + 1 && getComputedStyle(element).webkitLineClamp !== "none") return true;
  return isWider(element) || [...element.querySelectorAll("*")].some((part) => isWider(part) && getComputedStyle(part).textOverflow === "ellipsis");
}

/** What stands in a line has no width of its own. */
function isWider({ scrollWidth, clientWidth }: Element): boolean {
  return clientWidth > 0 && scrollWidth > clientWidth;
}

function show(element: HTMLElement, words: string): void {
  hide();
  if (!words || !element.isConnected) return;
  box ??= newBox();
  shown = element;
  box.textContent = words;
  (element.closest("[role=dialog]") ?? document.body).append(box); // else a dialog takes it for something outside
  box.showPopover();
  place();
}

function newBox(): HTMLElement {
  const made = document.createElement("div");
  made.id = ID;
  made.className = classes.whole ?? "";
  made.popover = "manual";
  made.setAttribute("role", "tooltip");
  return made;
}

/** Below the element, or above it where there is no room. */
function place(): void {
  if (!box || !shown) return;
  const { left, top, bottom } = shown.getBoundingClientRect();
  const { width, height } = box.getBoundingClientRect();
  const isBelow = bottom + GAP_PX + height <= innerHeight - EDGE_PX || top < height + GAP_PX;
  box.style.left = `${Math.max(EDGE_PX, Math.min(left, document.documentElement.clientWidth - width - EDGE_PX))}px`;
  box.style.top = `${isBelow ? bottom + GAP_PX : top - GAP_PX - height}px`;
}

function hide(): void {
  clearTimeout(pointed);
  document.querySelector(`[aria-describedby=${ID}]`)?.removeAttribute("aria-describedby");
  if (box?.isConnected) box.hidePopover();
  [shown, isFocused] = [undefined, false];
}

/** What has the focus is brought into view after it got it. */
function follow({ target }: Event): void {
  if (isIn(box, target)) return;
  if (isFocused && shown?.isConnected) place();
  else hide();
}

function closest(target: EventTarget | null, selector: string): HTMLElement | null {
  return target instanceof Element ? target.closest<HTMLElement>(selector) : null;
}

function isIn(element: HTMLElement | undefined, target: EventTarget | null): boolean {
  return target instanceof Node && element !== undefined && element.contains(target);
}
