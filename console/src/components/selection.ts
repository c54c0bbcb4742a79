import { useCallback, useMemo, useState } from "react";

import type { Selection } from "./data_table";

/** Rows that are selected by their ids, among the rows that are loaded. */
export function useSelection(ids: readonly string[], labelOf: (id: string) => string): Selection & { ids: string[]; clear: () => void } {
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const toggle = useCallback((id: string) => {
    setSelected((before) => {
      const next = new Set(before);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  }, []);
  const clear = useCallback(() => setSelected(new Set()), []);
  return useMemo(() => {
    const all = ids.length > 0 && ids.every((id) => selected.has(id)) ? "all" : selected.size > 0 ? "some" : "none";
    return {
      ids: [...selected],
      isSelected: (id) => selected.has(id),
      toggle,
      toggleAll: () => setSelected(all === "all" ? new Set() : new Set(ids)),
      all,
      labelOf,
      clear,
    };
  }, [ids, selected, toggle, clear, labelOf]);
}
