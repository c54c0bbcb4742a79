import { ActivityFilters as Filters } from "../../rules/builder/activity_filters";
import type { ActivityFilterInput } from "../../rules/rule";
import { CatalogueProvider } from "../../rules/catalogue";

/** Which activities of a kind count, by their properties. */
export function ActivityFilters({ kind, where, onChange }: { kind: string; where: readonly unknown[]; onChange: (where: unknown[]) => void }) {
  return (
    <CatalogueProvider>
      <Filters
        condition={{ kind, operator: "GTE", value: 1, where: where as ActivityFilterInput[] }}
        onChange={(condition) => onChange([...(condition.where ?? [])])}
      />
    </CatalogueProvider>
  );
}
