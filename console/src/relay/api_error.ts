/** A refusal of the API, or of the network: `code` is `extensions.code` of the answer, or NETWORK. */
export class ApiError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly requestId?: string,
    readonly retryAfterSeconds?: number,
    /** The path of the argument that was wrong. */
    readonly field?: readonly string[],
  ) {
    super(message);
    this.name = "ApiError";
  }
}

type Raw = { message: string; extensions?: { code?: string; requestId?: string; retryAfterSeconds?: number; field?: string[] } };

export function apiErrorOf(errors: readonly Raw[]): ApiError {
  const first = errors[0];
  return new ApiError(
    first?.extensions?.code ?? "INTERNAL",
    first?.message ?? "",
    first?.extensions?.requestId,
    first?.extensions?.retryAfterSeconds,
    first?.extensions?.field,
  );
}
