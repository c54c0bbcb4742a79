import type { Viewer } from "../../session/viewer";
import type { Catalogue } from "../../texts/en";

const KEPT = "muster.tour";
const DEMO = /@demo\.example$/;

/** The steps of the tour that the member may go. */
export function tourSteps({ permissions }: Viewer, { home }: Catalogue): Catalogue["home"]["tour"]["steps"] {
  return home.tour.steps.filter(({ needs }) => permissions.some((each) => each === needs));
}

/** Whether the tour of the demo workspace is shown: it was not closed in this browser. */
export function isTourShown(viewer: Viewer, t: Catalogue): boolean {
  return localStorage.getItem(KEPT) !== "closed" && DEMO.test(viewer.member?.email ?? "") && tourSteps(viewer, t).length > 0;
}

export function closeTour(): void {
  localStorage.setItem(KEPT, "closed");
}
