// Runs before the rest of the console is there: asks for what it will need first, and shows what is known by then.
import viewerQuery, { type sessionViewerQuery$data } from "./__generated__/sessionViewerQuery.graphql";
import { fetchCode } from "./app/screen_code";
import { showEarlyFrame, showWaiting } from "./frame/early_frame";
import { nextTask, painted, pause } from "./frame/tasks";
import { dataOf, sendEarly } from "./relay/early";
import { invitationToken } from "./session/invitation_token";
import { FRAME_TEXTS } from "./texts/frame";
import { preferredLanguage, showLanguage } from "./texts/language";
import { showColorScheme } from "./theme/color_scheme";

/** The frame is painted before the code of the console is run, unless the answer that it needs takes longer. */
const LONGEST_MS = 300;

const language = preferredLanguage();
const path = `/${location.pathname.slice(new URL(document.baseURI).pathname.length)}`;

showColorScheme();
showWaiting(FRAME_TEXTS[language]);
const answer = sendEarly(viewerQuery.params, {});

/** Resolves when the texts are there. */
export const textsShown = Promise.race([showKnown(), pause(LONGEST_MS)]).then(() => {
  fetchCode(path);
  void runConsole();
  return showLanguage(language);
});

async function showKnown(): Promise<void> {
  const data = await dataOf<sessionViewerQuery$data>(answer);
  if (!data || invitationToken() !== null) return;
  showEarlyFrame(FRAME_TEXTS[language], data.viewer, path);
  await painted();
}

/** Runs the files of the console, which are on their way, one after the other: all in one would be a long task. */
async function runConsole(): Promise<void> {
  for (const { href } of document.querySelectorAll<HTMLLinkElement>("link[as=script]")) {
    await import(/* @vite-ignore */ href);
    await nextTask();
  }
}
