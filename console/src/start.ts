// Runs before the rest of the console is there, and asks for what it will need first.
import viewer from "./__generated__/sessionViewerQuery.graphql";
import { fetchCode } from "./app/screen_code";
import { sendEarly } from "./relay/early";
import { preferredLanguage, showLanguage } from "./texts/language";

sendEarly(viewer.params, {});
/** Resolves when the texts are there. */
export const textsShown = showLanguage(preferredLanguage());
const base = new URL(document.baseURI).pathname;
fetchCode(`/${location.pathname.slice(base.length)}`);
