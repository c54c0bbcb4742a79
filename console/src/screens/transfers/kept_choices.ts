import { useCallback, useState } from "react";

import { FIRST_READING, type Choices, type Reading } from "./import_choices";

export type Kept = { reading: Reading; choices: Choices | null; headerRow: number };

const EMPTY: Kept = { reading: FIRST_READING, choices: null, headerRow: 1 };

/** What was chosen for an upload, kept in this tab so that a reload or a step back loses nothing. */
export function useKeptChoices(upload: string | undefined): [Kept, (change: (before: Kept) => Kept) => void] {
  const key = `muster.import.${upload ?? ""}`;
  const [state, setState] = useState<{ key: string; kept: Kept }>(() => ({ key, kept: read(key) }));
  const kept = state.key === key ? state.kept : read(key);
  const change = useCallback(
    (next: (before: Kept) => Kept) => {
      setState((before) => {
        const changed = next(before.key === key ? before.kept : read(key));
        sessionStorage.setItem(key, JSON.stringify(changed));
        return { key, kept: changed };
      });
    },
    [key],
  );
  return [kept, change];
}

function read(key: string): Kept {
  try {
    const stored = sessionStorage.getItem(key);
    return stored ? (JSON.parse(stored) as Kept) : EMPTY;
  } catch {
    return EMPTY;
  }
}
