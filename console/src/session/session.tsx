import { createContext, startTransition, useCallback, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { RelayEnvironmentProvider } from "react-relay";
import { fetchQuery, graphql } from "relay-runtime";

import { ApiError } from "../relay/api_error";
import { createApi, type Api } from "../relay/environment";
import type { sessionViewerQuery, sessionViewerQuery$data } from "../__generated__/sessionViewerQuery.graphql";

export type Viewer = sessionViewerQuery$data["viewer"];
export type Permission = Viewer["permissions"][number];

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
        contactCount
      }
    }
  }
`;

export type SessionState =
  | { is: "starting" }
  | { is: "failed"; error: Error }
  | { is: "signed-out"; expired: boolean }
  | { is: "signed-in"; viewer: Viewer };

type Session = {
  state: SessionState;
  /** Asks again who is signed in, after a sign-in or a change of the workspace. */
  refresh: () => void;
  /** Forgets all that was read, after a sign-out. */
  end: (expired: boolean) => void;
};

const SessionContext = createContext<Session | null>(null);

export function SessionProvider({ children }: { children: ReactNode }) {
  const [state, setState] = useState<SessionState>({ is: "starting" });
  const [api, setApi] = useState<Api>(createApi);
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
    fetchQuery<sessionViewerQuery>(api.environment, QUERY, {}, { fetchPolicy: "network-only" }).subscribe({
      // The whole console is drawn by this, so it is drawn in steps, between which the browser may do other things.
      next: ({ viewer }) => startTransition(() => setState({ is: "signed-in", viewer })),
      error: (error: Error) => {
        if (!(error instanceof ApiError && error.code === "UNAUTHENTICATED")) setState({ is: "failed", error });
      },
    });
  }, [api]);
  const started = useRef(false);
  useEffect(() => {
    if (started.current) return;
    started.current = true;
    refresh();
  }, [refresh]);

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

/** Whether the member has all of these permissions: what may not be done is not offered. */
export function useMay(...permissions: Permission[]): boolean {
  const { permissions: granted } = useViewer();
  return permissions.every((permission) => granted.includes(permission));
}
