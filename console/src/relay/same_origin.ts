/** The path of an address of the API below this page's own address: the API may be known under another name. */
export function sameOrigin(url: string): string {
  const { pathname, search } = new URL(url, document.baseURI);
  return new URL(pathname + search, document.baseURI).href;
}
