// Runs before the rest of the console is there: asks for what it will need first, and shows what is known by then.
import "./theme/early";

import viewerQuery, { type sessionViewerQuery$data } from "./__generated__/sessionViewerQuery.graphql";
import { fetchFirstRead, type FirstScreen } from "./app/first_reads";
import { fetchCode } from "./app/screen_code";
import { leadsTo } from "./frame/areas";
import { showEarlyFrame, showEarlyScreen, showWaiting } from "./frame/early_frame";
import { addressOf, earlyKit } from "./frame/early_kit";
import { fromServer } from "./frame/from_server";
import { nextTask, painted, pause } from "./frame/tasks";
import { dataOf, sendEarly } from "./relay/early";
import { invitationToken } from "./session/invitation_token";
import { FRAME_TEXTS } from "./texts/frame";
import { preferredLanguage, showLanguage, texts } from "./texts/language";
import { showColorScheme } from "./theme/color_scheme";

/** The frame, and the screen in it, are painted before the code of the console is run, unless the answers that they need take longer. */
const LONGEST_MS = 300;

const language = preferredLanguage();
let path = `/${location.pathname.slice(new URL(document.baseURI).pathname.length)}`;

showColorScheme();
showWaiting(FRAME_TEXTS[language]);
const answer = sendEarly(viewerQuery, {});
const sendFirstRead = fetchFirstRead(path, location.search);
let told: Promise<void> | undefined;
/** Whether the console reads the address by now. */
let hasBegun = false;

/** Resolves when the texts and the styles are there. */
export const isReady = showKnown().then(() => Promise.all([applyStyles(), runConsole()]));

async function showKnown(): Promise<void> {
  const frame = showFrame();
  await Promise.race([frame, pause(LONGEST_MS)]);
  await Promise.race([frame.then(showScreen), pause(LONGEST_MS)]);
}

/** Resolves with what will draw the screen. An area without a screen of its own is left for what it leads to: React would do so by drawing all at once. */
async function showFrame(): Promise<{ to: string; view: FirstScreen } | null> {
  const data = await dataOf<sessionViewerQuery$data>(answer);
  if (!data || invitationToken() !== null) return null;
  const to = leadsTo(path, data.viewer.permissions);
  if (to !== path && !hasBegun) history.replaceState(null, "", addressOf((path = to)));
  const view = sendFirstRead(data.viewer, to);
  if (view) void tell();
  await nextTask();
  showEarlyFrame(FRAME_TEXTS[language], data.viewer, to);
  await painted();
  return view && { to, view };
}

async function showScreen(screen: { to: string; view: FirstScreen } | null): Promise<void> {
  if (!screen) return;
  const [draw] = await Promise.all([screen.view, tell()]);
  if (!draw) return;
  const rest = showEarlyScreen(draw(earlyKit(texts())), screen.to);
  await painted();
  for (const show of rest) {
    show();
    await painted();
  }
}

/** Fetches the texts, once. */
function tell(): Promise<void> {
  told ??= fromServer(() => showLanguage(language));
  return told;
}

/**
 * Runs the files of the console, which are on their way, one after the other: all in one would be a long task. Those of the screen are
 * asked for before the last one, which they need. Resolves when the texts are there.
 */
async function runConsole(): Promise<void> {
  hasBegun = true;
  const files = [...document.querySelectorAll<HTMLLinkElement>("link[data-console]")];
  const last = files.pop();
  for (const { href } of files) {
    await nextTask();
    await run(href);
  }
  await nextTask();
  fetchCode(path);
  const isTold = tell();
  await nextTask();
  if (last) void run(last.href);
  await isTold;
}

async function run(href: string): Promise<void> {
  try {
    await fromServer(() => import(/* @vite-ignore */ href));
  } catch (error) {
    const [visit] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
    if (visit?.type !== "reload") location.reload(); // the server has another version of the console by now
    throw error;
  }
}

/** Applies the styles of all components, which are on their way. The frame does without: to read them takes a while. */
async function applyStyles(): Promise<void> {
  const ahead = [...document.querySelectorAll<HTMLLinkElement>("link[as=style]")];
  await Promise.all(ahead.map(({ href }) => fromServer(() => applied(href)).catch(() => undefined))); // without them it looks plain, but works
}

function applied(href: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.crossOrigin = "";
    link.href = href;
    link.addEventListener("load", () => resolve());
    link.addEventListener("error", () => {
      link.remove();
      reject(new Error(href));
    });
    document.head.append(link);
  });
}
