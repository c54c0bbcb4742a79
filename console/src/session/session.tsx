import { createContext, startTransition, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from "react";
import { RelayEnvironmentProvider } from "react-relay";
import { fetchQuery, graphql } from "relay-runtime";

import { ApiError } from "../relay/api_error";
import { createApi, type Api } from "../relay/environment";
import type { sessionViewerQuery } from "../__generated__/sessionViewerQuery.graphql";
import type { Permission, Viewer } from "./viewer";

export type { Permission, Viewer };

const QUERY = graphql`
  query sessionViewerQuery {
    viewer {
      permissions
      member {
        id
        name
        email
        role
      }
      workspace {
        id
        name
        timezone
        defaultCountry
      }
    }
  }
`;

export type SessionState =
  | { is: "failed"; error: Error }
  | { is: "signed-out"; expired: boolean }
  | { is: "signed-in"; viewer: Viewer };

/** How a session begins: with what talks to the server, and what it said. */
export type BegunSession = { api: Api; state: SessionState };

/** Asks who is signed in. */
export async function beginSession(): Promise<BegunSession> {
  const api = createApi();
  try {
    return { api, state: { is: "signed-in", viewer: await readViewer(api) } };
  } catch (error) {
    return { api, state: isSignedOut(error) ? { is: "signed-out", expired: false } : { is: "failed", error: error as Error } };
  }
}

async function readViewer({ environment }: Api): Promise<Viewer> {
  const data = await fetchQuery<sessionViewerQuery>(environment, QUERY, {}, { fetchPolicy: "network-only" }).toPromise();
  if (!data) throw new ApiError("NETWORK", "there was no answer");
  return data.viewer;
}

function isSignedOut(error: unknown): boolean {
  return error instanceof ApiError && error.code === "UNAUTHENTICATED";
}

type Session = {
  state: SessionState;
  /** Asks again who is signed in, after a sign-in or a change of the workspace. */
  refresh: () => void;
  /** Forgets all that was read, after a sign-out. */
  end: (expired: boolean) => void;
};

const SessionContext = createContext<Session | null>(null);

export function SessionProvider({ begun, children }: { begun: BegunSession; children: ReactNode }) {
  const [state, setState] = useState(begun.state);
  const [api, setApi] = useState(begun.api);
  const end = useCallback((expired: boolean) => {
    // Several requests may be refused at once: the first one says that the session had not been ended here.
    setState((before) => ({
      is: "signed-out",
      expired: expired && (before.is === "signed-in" || (before.is === "signed-out" && before.expired)),
    }));
    setApi((before) => {
      before.close();
      return createApi();
    });
  }, []);
  useEffect(() => api.onSignedOut(() => end(true)), [api, end]);

  const refresh = useCallback(() => {
    readViewer(api).then(
      // The whole console is drawn by this, so it is drawn in steps, between which the browser may do other things.
      (viewer) => startTransition(() => setState({ is: "signed-in", viewer })),
      (error: Error) => {
        if (!isSignedOut(error)) setState({ is: "failed", error });
      },
    );
  }, [api]);

  const session = useMemo(() => ({ state, refresh, end }), [state, refresh, end]);
  return (
    <RelayEnvironmentProvider environment={api.environment}>
      <SessionContext.Provider value={session}>{children}</SessionContext.Provider>
    </RelayEnvironmentProvider>
  );
}

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error("useSession needs a SessionProvider");
  return session;
}

/** The member who is signed in, with the workspace. Only for what is shown after the sign-in. */
export function useViewer(): Viewer {
  const { state } = useSession();
  if (state.is !== "signed-in") throw new Error("nobody is signed in");
  return state.viewer;
}

/** Says of each permission whether the member has it. */
export function useMayEach(): (permission: Permission) => boolean {
  const { permissions } = useViewer();
  return (permission) => permissions.includes(permission);
}

/** Whether the member has all of these permissions: what may not be done is not offered. */
export function useMay(...permissions: Permission[]): boolean {
  const { permissions: granted } = useViewer();
  return permissions.every((permission) => granted.includes(permission));
}
