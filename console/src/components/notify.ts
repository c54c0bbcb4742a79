import { notifications } from "@mantine/notifications";

import { ApiError } from "../relay/api_error";
import { texts } from "../texts/texts";

/** Says that something was done. `undo` puts a button beside it that takes it back. */
export { notifyDone } from "./notify_done";

/** Says in words why a call was refused. */
export function notifyOfError(error: Error): void {
  if (error instanceof ApiError && error.code === "UNAUTHENTICATED") return;
  notifications.show({ color: "red", title: texts().errors.title, message: messageOf(error), autoClose: 10_000 });
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
