// Subscribes by the client of graphql-ws and prints what comes, each as a line of JSON.
// Arguments: URL, query, authorization (may be empty), how many events to take (0: all).
import { createClient } from "graphql-ws";
import WebSocket from "ws";

const [url, query, authorization, most] = process.argv.slice(2);
const say = (what) => console.log(JSON.stringify(what));
const client = createClient({
  url,
  webSocketImpl: WebSocket,
  retryAttempts: 0,
  lazy: true,
  connectionParams: authorization ? { authorization } : undefined,
  on: { closed: (event) => say({ closed: event.code, reason: event.reason }) },
});

let taken = 0;
await new Promise((resolve) => {
  const stop = client.subscribe(
    { query },
    {
      next: (payload) => {
        say({ next: payload });
        if (++taken === Number(most)) stop();
      },
      error: (error) => {
        say({ error: Array.isArray(error) ? error : { code: error.code, reason: error.reason ?? String(error) } });
        resolve();
      },
      complete: () => {
        say({ complete: true });
        resolve();
      },
    },
  );
});
await client.dispose();
