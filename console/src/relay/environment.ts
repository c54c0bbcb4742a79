import { createClient, type Client } from "graphql-ws";
import {
  Environment,
  Network,
  Observable,
  RecordSource,
  Store,
  type GraphQLResponse,
  type RequestParameters,
  type Variables,
} from "relay-runtime";

import { ApiError, apiErrorOf } from "./api_error";
import { report } from "./connection";
import { address, send } from "./early";

const LONGEST_WAIT_MS = 5_000;

type SignedOut = () => void;

/** `onSignedOut` calls the listener when the server no longer knows who is asking. `close` ends the socket. */
export type Api = { environment: Environment; onSignedOut: (listener: SignedOut) => void; close: () => void };

/** Makes the store and the network of one signed-in session. */
export function createApi(): Api {
  let listener: SignedOut = () => undefined;
  const onSignedOut = () => listener();
  const socket = createSocket(onSignedOut);
  const environment = new Environment({
    network: Network.create(
      (request, variables) => fetched(request, variables, onSignedOut),
      (request, variables) => subscribed(socket, request, variables),
    ),
    store: new Store(new RecordSource(), { gcReleaseBufferSize: 20 }),
  });
  return {
    environment,
    onSignedOut: (next) => {
      listener = next;
    },
    close: () => void socket.dispose(),
  };
}

/** A query is tried again until the server answers; a mutation is sent once. Unsubscribing aborts the request. */
function fetched(request: RequestParameters, variables: Variables, onSignedOut: SignedOut) {
  return Observable.create<GraphQLResponse>((sink) => {
    const abort = new AbortController();
    const send = async () => {
      for (let failures = 0; ; failures++) {
        try {
          return await post(request, variables, abort.signal);
        } catch (error) {
          const wait = error instanceof ApiError ? waitMs(error, request, failures) : null;
          if (wait === null || abort.signal.aborted) throw error;
          await pause(wait, abort.signal);
        }
      }
    };
    send().then(
      (response) => {
        sink.next(response);
        sink.complete();
      },
      (error: Error) => {
        if (abort.signal.aborted) return;
        if (error instanceof ApiError && error.code === "UNAUTHENTICATED") onSignedOut();
        sink.error(error);
      },
    );
    return () => abort.abort();
  });
}

function waitMs(error: ApiError, request: RequestParameters, failures: number): number | null {
  if (request.operationKind !== "query") return null;
  if (error.code === "NETWORK" || error.code === "UNAVAILABLE") return Math.min(LONGEST_WAIT_MS, 250 * 2 ** failures) * (0.75 + Math.random() / 2);
  if (error.code === "THROTTLED" && failures < 5) return (error.retryAfterSeconds ?? 1) * 1_000;
  return null;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new ApiError("ABORTED", ""));
    });
  });
}

async function post(request: RequestParameters, variables: Variables, signal: AbortSignal): Promise<GraphQLResponse> {
  let answer: Response;
  try {
    answer = await send(request, variables, signal);
  } catch (error) {
    if (!signal.aborted) report("lost");
    throw new ApiError("NETWORK", String(error));
  }
  const body = await jsonOf(answer);
  if (body === null || (answer.status >= 502 && answer.status <= 504)) {
    report("lost");
    throw new ApiError("NETWORK", `${answer.status}`);
  }
  const refusal = body.errors?.some((error) => !body.data || error.extensions?.code !== "FORBIDDEN") ? apiErrorOf(body.errors) : null;
  report(refusal?.code === "UNAVAILABLE" ? "lost" : "open");
  if (refusal) throw refusal;
  return body as GraphQLResponse;
}

/** A field that is forbidden is null and costs the others nothing; any other error refuses the answer, which would have holes. */
type Body = { data?: unknown; errors?: { message: string; extensions?: { code?: string } }[] };

async function jsonOf(answer: Response): Promise<Body | null> {
  try {
    return (await answer.json()) as Body;
  } catch {
    return null;
  }
}

function createSocket(onSignedOut: SignedOut): Client {
  return createClient({
    url: address("ws"),
    lazy: true,
    lazyCloseTimeout: 10_000,
    keepAlive: 15_000,
    retryAttempts: Number.POSITIVE_INFINITY,
    shouldRetry: () => true,
    retryWait: (retries) =>
      new Promise((resolve) => setTimeout(resolve, Math.min(LONGEST_WAIT_MS, 250 * 2 ** retries) * (0.75 + Math.random() / 2))),
    on: {
      connected: () => report("open"),
      closed: (event) => {
        const { code, wasClean } = event as CloseEvent;
        if (code === 4401 || code === 4403) onSignedOut();
        else if (!wasClean || code === 1001 || code === 1012) report("lost");
      },
    },
  });
}

/** A subscription with a variable `after` goes on after the last cursor that it saw, also on a new socket. */
function subscribed(socket: Client, request: RequestParameters, variables: Variables) {
  return Observable.create<GraphQLResponse>((sink) => {
    const payload = { query: request.text ?? "", operationName: request.name, variables: { ...variables } };
    return socket.subscribe<Record<string, { cursor?: string } | null>>(payload, {
      next: (result) => {
        if (result.errors?.length && !result.data) return sink.error(apiErrorOf(result.errors as { message: string }[]));
        const cursor = Object.values(result.data ?? {})[0]?.cursor;
        if (cursor && "after" in variables) (payload.variables as Variables).after = cursor;
        sink.next(result as GraphQLResponse);
      },
      error: (error) => sink.error(Array.isArray(error) ? apiErrorOf(error) : new ApiError("NETWORK", String(error))),
      complete: () => sink.complete(),
    });
  });
}
