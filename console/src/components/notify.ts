import { ApiError } from "../relay/api_error";
import { texts } from "../texts/texts";
import { wantOverlays } from "./overlays";

/** Says that something was done. `undo` puts a button beside it that takes it back. */
export function notifyDone(message: string, undo?: () => void): void {
  void import("./notify_done").then((module) => module.notifyDone(message, undo));
}

function showProblem(message: string): void {
  const closeButtonProps = { "aria-label": texts().common.close };
  const problem = { color: "red", title: texts().errors.title, message, autoClose: 10_000, closeButtonProps };
  void wantOverlays();
  void import("@mantine/notifications").then(({ notifications }) => notifications.show(problem));
}

/** Says in words why a call was refused. */
export function notifyOfError(error: Error): void {
  if (error instanceof ApiError && error.code === "UNAUTHENTICATED") return;
  showProblem(messageOf(error));
}

/** Says what a mutation refused, for what has no form to show it in. Returns whether it refused. */
export function notifyRefusal(errors: readonly { readonly message: string }[]): boolean {
  if (errors.length === 0) return false;
  const message = errors.map((error) => sentence(error.message)).join("\n");
  showProblem(message);
  return true;
}

/** The API's messages begin with a small letter, as a path may stand before them. */
export function sentence(message: string): string {
  return message.charAt(0).toUpperCase() + message.slice(1);
}

/** What went wrong and what to do, for a person. */
export function messageOf(error: unknown): string {
  const t = texts().errors;
  if (!(error instanceof ApiError)) return t.unexpected;
  if (error.code === "NETWORK" || error.code === "UNAVAILABLE") return t.network;
  if (error.code === "FORBIDDEN") return t.forbidden(error.message);
  if (error.code === "THROTTLED") return t.throttled;
  if (error.code === "INTERNAL") return t.internal(error.requestId);
  return error.message;
}
