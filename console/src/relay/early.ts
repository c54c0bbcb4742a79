import type { ConcreteRequest, RequestParameters, Variables } from "relay-runtime";

/** An answer that nobody has taken by then is old: the screen that was to show it was not opened. */
const KEPT_MS = 20_000;

/** The answers to requests that were sent before the code that needs them was there, by their bodies. */
const awaited = new Map<string, Promise<Response>>();

/** Where the API is, below this page's own address. */
export function address(protocol?: "ws"): string {
  const url = new URL("graphql", document.baseURI);
  if (protocol) url.protocol = url.protocol.replace("http", protocol);
  return url.href;
}

function bodyOf(request: RequestParameters, variables: Variables): string {
  return JSON.stringify({ query: request.text, operationName: request.name, variables });
}

function sent(body: string, signal?: AbortSignal): Promise<Response> {
  return fetch(address(), {
    method: "POST",
    credentials: "same-origin",
    headers: { "content-type": "application/json", accept: "application/graphql-response+json, application/json" },
    body,
    signal,
  });
}

/** Sends a query before anything reads it. The first one who asks the same gets its answer. */
export function sendEarly({ operation, params }: ConcreteRequest, given: Variables): Promise<Response> {
  const variables = operation.argumentDefinitions.map((definition) => {
    const byDefault = "defaultValue" in definition ? definition.defaultValue : undefined;
    return [definition.name, given[definition.name] === undefined ? byDefault : given[definition.name]];
  });
  const body = bodyOf(params, Object.fromEntries(variables));
  const answer = sent(body);
  answer.catch(() => undefined); // whoever takes it is told
  awaited.set(body, answer);
  setTimeout(() => awaited.delete(body), KEPT_MS);
  return answer;
}

/** What an answer holds, which others can read after this; null when it is refused or does not come. */
export async function dataOf<Data>(answer: Promise<Response>): Promise<Data | null> {
  try {
    const { data, errors } = (await (await answer).clone().json()) as { data?: Data; errors?: unknown };
    return errors ? null : (data ?? null);
  } catch {
    return null;
  }
}

/** Sends a request, unless that was done early. */
export function send(request: RequestParameters, variables: Variables, signal: AbortSignal): Promise<Response> {
  const body = bodyOf(request, variables);
  const early = awaited.get(body);
  awaited.delete(body);
  return early ?? sent(body, signal);
}
