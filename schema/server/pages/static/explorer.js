// The explorer: GraphiQL with a place to sign in. Subscriptions go over a WebSocket. Nothing is fetched from anywhere else.
"use strict";

const url = new URL("../graphql", location.href).href;
const socketUrl = url.replace(/^http/, "ws");
const form = document.getElementById("sign-in");
const who = document.getElementById("who");
const signOut = document.getElementById("sign-out");
let sockets = null;

const bearer = () => sessionStorage.getItem("muster:bearer");

function authorization(headers) {
  const given = Object.entries(headers || {}).find(([name]) => name.toLowerCase() === "authorization");
  if (given) return given[1];
  return bearer() ? `Bearer ${bearer()}` : undefined;
}

async function ask(params, headers) {
  const sent = { "content-type": "application/json", accept: "application/json", ...headers };
  const found = authorization(headers);
  if (found) sent.authorization = found;
  const response = await fetch(url, { method: "POST", headers: sent, body: JSON.stringify(params) });
  return response.json();
}

function listen(params, headers) {
  sockets?.client.dispose();
  const client = graphqlWs.createClient({
    url: socketUrl,
    retryAttempts: 0,
    connectionParams: () => ({ authorization: authorization(headers) ?? null }),
  });
  sockets = { client };
  return {
    subscribe(sink) {
      const stop = client.subscribe(params, { ...sink, error: (error) => sink.error(told(error)) });
      return { unsubscribe: stop };
    },
  };
}

function told(error) {
  return error instanceof CloseEvent ? new Error(`the socket was closed: ${error.code} ${error.reason}`) : error;
}

function isSubscription(params, options) {
  const operations = (options?.documentAST?.definitions ?? []).filter((part) => part.kind === "OperationDefinition");
  const chosen = operations.find((part) => part.name?.value === params.operationName) ?? operations[0];
  return chosen?.operation === "subscription";
}

function fetcher(params, options) {
  return isSubscription(params, options) ? listen(params, options?.headers) : ask(params, options?.headers);
}

async function showWho() {
  form.classList.toggle("signed-in", Boolean(bearer()));
  signOut.hidden = !bearer();
  const answer = await ask({ query: "{ viewer { workspace { name } member { name role } } }" });
  const viewer = answer.data?.viewer;
  const name = viewer?.member ? `${viewer.member.name} (${viewer.member.role})` : "an API token";
  const nobody = bearer() ? answer.errors?.[0].message : "Not signed in";
  who.textContent = viewer ? `${name} in ${viewer.workspace.name}` : nobody;
}

function keep(token) {
  if (token) sessionStorage.setItem("muster:bearer", token);
  else sessionStorage.removeItem("muster:bearer");
  form.reset();
  return showWho();
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const given = new FormData(form);
  if (given.get("token")) return keep(given.get("token").trim().replace(/^bearer\s+/i, ""));
  const answer = await ask({
    query: "mutation ($email: String!, $password: String!) { signIn(email: $email, password: $password) { token userErrors { message } } }",
    variables: { email: given.get("email"), password: given.get("password") },
  });
  const payload = answer.data?.signIn;
  if (payload?.token) return keep(payload.token);
  who.textContent = payload?.userErrors[0]?.message ?? answer.errors[0].message;
});

signOut.addEventListener("click", () => keep(null));

const example = `# Sign in above, then press the button with the triangle (or Ctrl-Enter).
# The documentation of every type is behind the book on the left.

query FirstContacts {
  contacts(first: 10) {
    nodes { id name email tags }
    pageInfo { hasNextPage endCursor }
  }
}
`;

ReactDOM.createRoot(document.getElementById("graphiql")).render(
  React.createElement(GraphiQL, { fetcher, defaultQuery: example, shouldPersistHeaders: false }),
);
showWho();
