import { Skeleton } from "@mantine/core";
import { CatchBoundary } from "@tanstack/react-router";
import { Suspense, type ReactNode } from "react";

import { ScreenError } from "../app/failures";

/** A part of a screen that reads for itself: while it loads, or when it fails, the rest of the screen stays. */
export function ScreenPart({ children, height = 120, resetKey = "" }: { children: ReactNode; height?: number; resetKey?: string }) {
  return (
    <CatchBoundary getResetKey={() => resetKey} errorComponent={ScreenError}>
      <Suspense fallback={<Skeleton height={height} />}>{children}</Suspense>
    </CatchBoundary>
  );
}
