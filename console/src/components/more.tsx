/** What counts or names in short what `words` say, which are shown by shown_whole.ts. No hooks. */
export function More({ words, children }: { words: readonly string[]; children: string }) {
  return words.length === 0 ? (
    children
  ) : (
    <span data-whole={words.join("\n")} data-more>
      {children}
    </span>
  );
}
