import { ButtonTo } from "../../components/link";

/** A way to the page where two contacts are compared and merged; without `merge` the other one is chosen there. */
export function MergeLink({ keep, merge, children }: { keep: string; merge?: string; children: string }) {
  return (
    <ButtonTo to="/contacts/duplicates" search={{ keep, merge }} size="compact" variant="default">
      {children}
    </ButtonTo>
  );
}
