// Apart, so that it lies in the file of React and is run with it: what is run together is one long task.
export { createRoot } from "react-dom/client";
