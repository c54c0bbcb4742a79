import type { Viewer } from "../session/viewer";
import type { FrameTexts } from "../texts/frame";
import { AwaitedScreen } from "./awaited_screen";
import { drawn } from "./drawn";
import { Frame, type FrameLink } from "./frame";

const PlainLink: FrameLink = ({ to, children, ...rest }) => (
  <a href={to.slice(1) || "./"} {...rest}>
    {children}
  </a>
);

let waiting: Node | undefined;
/** What was pressed and what has the focus in the early frame, by what it is called. */
let pressed: string | undefined;
let focused: string | undefined;

/** Shows that something comes, until it is known what. */
export function showWaiting(texts: FrameTexts): void {
  [waiting] = drawn(<div className="waiting" role="progressbar" aria-label={texts.loading} />);
  if (waiting) root()?.replaceChildren(waiting);
}

/** Shows the frame, and what is known of the screen at `path`, as React will: it replaces it by the same. Does nothing when React was sooner. */
export function showEarlyFrame(texts: FrameTexts, viewer: Viewer, path: string): void {
  if (!waiting?.isConnected) return;
  const [frame] = drawn(
    <Frame texts={texts} viewer={viewer} path={path} link={PlainLink}>
      <AwaitedScreen texts={texts} viewer={viewer} path={path} link={PlainLink} />
    </Frame>,
  );
  if (!frame) return;
  root()?.replaceChildren(frame);
  frame.addEventListener("focusin", ({ target }) => (focused = nameOf(target)));
  // An element that is taken out of the page loses the focus too.
  frame.addEventListener("focusout", () => queueMicrotask(() => frame.isConnected && (focused = nameOf(document.activeElement))));
  frame.addEventListener("click", press);
}

/** A press waits for React: to open another screen as a page of its own would take longer. */
function press(event: Event): void {
  const { button, ctrlKey, metaKey, shiftKey, altKey } = event as MouseEvent;
  if (button !== 0 || ctrlKey || metaKey || shiftKey || altKey) return;
  pressed = nameOf(event.target);
  event.preventDefault();
}

/** Passes on what a person did in the early frame to the one that has replaced it. */
export function passOn(): void {
  for (const [name, act] of [
    [focused, (element: HTMLElement) => element.focus()],
    [pressed, (element: HTMLElement) => element.click()],
  ] as const) {
    const element = name === undefined ? undefined : [...document.querySelectorAll<HTMLElement>("a, button")].find((each) => nameOf(each) === name);
    if (element) act(element);
  }
  focused = pressed = undefined;
}

function nameOf(target: EventTarget | null): string | undefined {
  const element = target instanceof Element ? target.closest("a, button") : null;
  return element ? `${element.tagName} ${element.getAttribute("aria-label") ?? element.textContent}` : undefined;
}

function root(): HTMLElement | null {
  return document.getElementById("root");
}
