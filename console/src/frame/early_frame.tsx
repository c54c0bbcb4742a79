import type { ReactNode } from "react";

import type { Viewer } from "../session/viewer";
import type { FrameTexts } from "../texts/frame";
import { AwaitedScreen } from "./awaited_screen";
import { drawn, type Rest } from "./drawn";
import { addressOf } from "./early_kit";
import { Frame, type FrameLink } from "./frame";
import { keepTyped, passOnTyped } from "./typed";

const PlainLink: FrameLink = ({ to, children, ...rest }) => (
  <a href={addressOf(to)} {...rest}>
    {children}
  </a>
);

let waiting: Node | undefined;
let frame: HTMLElement | undefined;
/** The screen in the frame, where its first answer is drawn, and its path. */
let screen: HTMLElement | undefined;
let screenPath: string | undefined;
/** What was pressed and what has the focus in what was drawn early, by what it is called. */
let pressed: string | undefined;
let focused: string | undefined;
/** How far regions of it were scrolled, by what they are called. */
const scrolled = new Map<string, number>();

/** Shows that something comes, until it is known what. */
export function showWaiting(texts: FrameTexts): void {
  [waiting] = drawn(<div className="waiting" role="progressbar" aria-label={texts.loading} />);
  if (waiting) root()?.replaceChildren(waiting);
}

/** Shows the frame, and what is known of the screen at `path`, as React will: it replaces it by the same. Does nothing when React was sooner. */
export function showEarlyFrame(texts: FrameTexts, viewer: Viewer, path: string): void {
  if (!waiting?.isConnected) return;
  frame = elementOf(
    <Frame texts={texts} viewer={viewer} path={path} link={PlainLink}>
      <AwaitedScreen texts={texts} viewer={viewer} path={path} link={PlainLink} />
    </Frame>,
  );
  if (!frame) return;
  root()?.replaceChildren(frame);
  watch(frame);
}

/** Shows the screen in the early frame, in its place: all of it when what is returned is called, too. Does nothing when React was sooner. */
export function showEarlyScreen(content: ReactNode, path: string): Rest[] {
  const place = frame?.isConnected ? frame.querySelector("[data-awaited]")?.parentElement : null;
  const rest: Rest[] = [];
  const element = place && elementOf(content, rest);
  if (!element) return [];
  element.dataset.awaited = ""; // some of it is still to come
  place.replaceWith(element);
  watch(element);
  [screen, screenPath] = [element, path];
  return rest;
}

/** Whether the screen at a path was drawn early. */
export function hasEarlyScreen(path: string): boolean {
  return screen !== undefined && screenPath === path;
}

/** Keeps the screen that was drawn early in a place of React's frame. Returns what is called when React has drawn it. */
export function keepEarlyScreen(place: HTMLElement | null): () => void {
  if (screen) {
    place?.append(screen);
    queueMicrotask(passOn); // an element that is moved loses the focus
  }
  scrollAgain();
  return () =>
    queueMicrotask(() => {
      if (screen?.isConnected) return; // another frame keeps it by now
      screen = undefined;
      scrollAgain();
      passOn();
    });
}

function watch(element: HTMLElement): void {
  element.addEventListener("focusin", ({ target }) => (focused = nameOf(target)));
  // An element that is taken out of the page loses the focus too, and so does one that is moved in it.
  element.addEventListener("focusout", () =>
    queueMicrotask(() => element.isConnected && document.activeElement !== document.body && (focused = nameOf(document.activeElement))),
  );
  element.addEventListener("click", press);
  element.addEventListener("input", keepTyped);
  element.addEventListener("scroll", ({ target }) => target instanceof Element && scrolled.set(target.ariaLabel ?? "", target.scrollTop), true);
}

/** A region that is moved or drawn anew is at its top. */
function scrollAgain(): void {
  for (const region of document.querySelectorAll("main [role=region]")) {
    const top = scrolled.get(region.ariaLabel ?? "");
    if (top) region.scrollTop = top;
  }
}

/** A press waits for React: to open another screen as a page of its own would take longer. */
function press(event: Event): void {
  const { button, ctrlKey, metaKey, shiftKey, altKey } = event as MouseEvent;
  if (button !== 0 || ctrlKey || metaKey || shiftKey || altKey) return;
  pressed = nameOf(event.target) ?? pressed;
  event.preventDefault();
}

/** Passes on what a person did in what was drawn early to what has replaced it. */
export function passOn(): void {
  const [toFocus, toPress] = [focused, pressed].map((name) =>
    name === undefined ? undefined : [...document.querySelectorAll<HTMLElement>("a, button, input, select")].find((each) => nameOf(each) === name),
  );
  if (!toFocus || !screen?.contains(toFocus)) focused = undefined; // else it has to be passed on once more
  toFocus?.focus();
  if (!screen) passOnTyped();
  if (screen && (!toPress || screen.contains(toPress))) return; // its screen is not there yet
  pressed = undefined;
  if (toPress?.matches("input, select")) toPress.focus();
  else toPress?.click();
}

function nameOf(target: EventTarget | null): string | undefined {
  const element = target instanceof Element ? target.closest<HTMLElement>("a, button, input, select, [data-field]") : null;
  if (!element) return undefined;
  const { href = "" } = element as HTMLAnchorElement;
  return `${href} ${element.dataset.field ?? element.getAttribute("aria-label") ?? element.textContent}`;
}

function elementOf(content: ReactNode, rest?: Rest[]): HTMLElement | undefined {
  return drawn(content, rest).find((node) => node instanceof HTMLElement);
}

function root(): HTMLElement | null {
  return document.getElementById("root");
}
