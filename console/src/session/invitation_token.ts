/** The token of a link that sets a password, when this page was opened by one; else null. */
export function invitationToken(): string | null {
  const base = new URL(document.baseURI).pathname;
  const path = location.pathname.startsWith(base) ? location.pathname.slice(base.length) : "";
  return /^password\/([^/]+)$/.exec(path)?.[1] ?? null;
}
