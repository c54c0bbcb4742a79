// Subscribes by the client of graphql-sse and prints what comes, each as a line of JSON.
// Arguments: URL, query, authorization (may be empty), how many events to take (0: all), "single" or "distinct".
import { createClient } from "graphql-sse";

const [url, query, authorization, most, mode] = process.argv.slice(2);
const say = (what) => console.log(JSON.stringify(what));
const client = createClient({
  url,
  singleConnection: mode === "single",
  retryAttempts: 0,
  headers: authorization ? { authorization } : undefined,
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
        say({ error: String(error) });
        resolve();
      },
      complete: () => {
        say({ complete: true });
        resolve();
      },
    },
  );
});
client.dispose();
