// Follows the changes of members by the client of graphql-ws, which connects with the first token and then with the second one.
// Arguments: URL, two bearer tokens, how many changes to take. Prints what comes, each as a line of JSON.
import { createClient } from "graphql-ws";
import WebSocket from "ws";

const [url, first, second, most] = process.argv.slice(2);
const say = (what) => console.log(JSON.stringify(what));
let connections = 0;
const client = createClient({
  url,
  webSocketImpl: WebSocket,
  retryWait: () => new Promise((resolve) => setTimeout(resolve, 50)),
  connectionParams: async () => ({ authorization: `Bearer ${connections++ ? second : first}` }),
  on: { closed: (event) => say({ closed: event.code }) },
});
const payload = {
  query: "subscription ($after: ChangeCursor) { membershipChanges(after: $after) { cursor kind contactId } }",
  variables: {},
};

let taken = 0;
await new Promise((resolve) => {
  const stop = client.subscribe(payload, {
    next: ({ data, errors }) => {
      say({ change: data?.membershipChanges, errors });
      payload.variables.after = data.membershipChanges.cursor;
      if (++taken === Number(most)) stop();
    },
    error: (error) => {
      say({ error: String(error?.reason ?? error) });
      resolve();
    },
    complete: resolve,
  });
});
say({ connections });
await client.dispose();
