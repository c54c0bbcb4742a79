import { useEffect, useRef, useState } from "react";

import type { UserError } from "../../relay/commit";

export type Saving = "saved" | "saving" | "refused";

/**
 * Saves `input` each time when it has changed and rests for a moment, one save at a time. `save` gives what was wrong, or null
 * when the server was not reached. An input of null is not complete, so it is not saved.
 */
export function useAutosave<Input>(
  input: Input | null,
  save: (input: Input) => Promise<readonly UserError[] | null>,
  waitMs = 400,
): { saving: Saving; errors: readonly UserError[] } {
  const key = input === null ? null : JSON.stringify(input);
  const [state, setState] = useState<{ tried: string | null; errors: readonly UserError[]; isRefused: boolean; turn: number }>({
    tried: key,
    errors: [],
    isRefused: false,
    turn: 0,
  });
  const isRunning = useRef(false);
  const latest = useRef(save);
  useEffect(() => {
    latest.current = save;
  });
  useEffect(() => {
    if (key === null || key === state.tried || isRunning.current) return;
    const timer = setTimeout(() => {
      isRunning.current = true;
      void latest.current(JSON.parse(key) as Input).then((errors) => {
        isRunning.current = false;
        setState((before) => ({
          tried: key,
          errors: errors ?? before.errors,
          isRefused: errors === null || errors.length > 0,
          turn: before.turn + 1,
        }));
      });
    }, waitMs);
    return () => clearTimeout(timer);
  }, [key, state, waitMs]);
  if (key === null) return { saving: "refused", errors: state.errors };
  if (key !== state.tried) return { saving: "saving", errors: state.errors };
  return { saving: state.isRefused ? "refused" : "saved", errors: state.errors };
}
