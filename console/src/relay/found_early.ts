import { createOperationDescriptor, getRequest, type Environment, type GraphQLTaggedNode, type IEnvironment, type OperationType } from "relay-runtime";

import { earlyReads, forget, isRead } from "./early";

/** Puts what was read early into the store, so that a screen has it when it is drawn first. */
export function storeEarly(environment: Environment): void {
  for (const { query, variables, data } of earlyReads()) environment.commitPayload(createOperationDescriptor(query, variables), data as never);
}

/** What was read early of a query; null when it was not, or somebody took it. */
export function foundEarly<Q extends OperationType>(environment: IEnvironment, query: GraphQLTaggedNode, variables: Q["variables"]): Q["response"] | null {
  const operation = createOperationDescriptor(getRequest(query), variables);
  if (!isRead(operation.request.node.params, operation.request.variables)) return null;
  const { data, isMissingData } = environment.lookup(operation.fragment);
  return isMissingData ? null : (data as Q["response"]); // it may have been read after the store was filled
}

/** The same, with what lets it go. Who asks after this gets a new answer. */
export function takeEarly<Q extends OperationType>(
  environment: IEnvironment,
  query: GraphQLTaggedNode,
  variables: Q["variables"],
): { data: Q["response"]; release: () => void } | null {
  const data = foundEarly<Q>(environment, query, variables);
  if (data === null) return null;
  const operation = createOperationDescriptor(getRequest(query), variables);
  forget(operation.request.node.params, operation.request.variables);
  return { data, release: environment.retain(operation).dispose };
}
