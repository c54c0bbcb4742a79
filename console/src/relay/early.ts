import type { ConcreteRequest, RequestParameters, Variables } from "relay-runtime";

/** An answer that nobody has taken by then is old: the screen that was to show it was not opened. */
const KEPT_MS = 20_000;

/** The answers to requests that were sent before the code that needs them was there, by their bodies. */
const awaited = new Map<string, Promise<Response>>();

export type EarlyRead = { query: ConcreteRequest; variables: Variables; data: unknown };

/** Those of them that were read, with what they hold. */
const read = new Map<string, EarlyRead>();

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
export function sendEarly(query: ConcreteRequest, given: Variables): Promise<Response> {
  const body = bodyOf(query.params, variablesOf(query, given));
  const answer = sent(body);
  answer.catch(() => undefined); // whoever takes it is told
  awaited.set(body, answer);
  setTimeout(() => {
    awaited.delete(body);
    read.delete(body);
  }, KEPT_MS);
  return answer;
}

function variablesOf({ operation }: ConcreteRequest, given: Variables): Variables {
  const variables = operation.argumentDefinitions.map((definition) => {
    const byDefault = "defaultValue" in definition ? definition.defaultValue : undefined;
    return [definition.name, given[definition.name] === undefined ? byDefault : given[definition.name]];
  });
  return Object.fromEntries(variables);
}

/** Sends a query early, and reads its answer, for who asks the same. Null when it is refused or does not come. */
export async function readEarly(query: ConcreteRequest, given: Variables): Promise<unknown> {
  const variables = variablesOf(query, given);
  const data = await dataOf(sendEarly(query, given));
  const body = bodyOf(query.params, variables);
  if (data && awaited.has(body)) read.set(body, { query, variables, data });
  return data;
}

/** What was read early and not taken yet. */
export function earlyReads(): EarlyRead[] {
  return [...read.values()];
}

/** Whether a query was read early. */
export function isRead(request: RequestParameters, variables: Variables): boolean {
  return read.has(bodyOf(request, variables));
}

/** Forgets what was read early of a query: it is asked for again when somebody wants it. */
export function forget(request: RequestParameters, variables: Variables): void {
  const body = bodyOf(request, variables);
  read.delete(body);
  awaited.delete(body);
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
  read.delete(body);
  return early ?? sent(body, signal);
}
