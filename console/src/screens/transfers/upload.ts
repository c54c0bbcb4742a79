import { useCallback, useEffect, useRef, useState } from "react";
import { graphql } from "relay-runtime";

import { useMutationCall } from "../../relay/commit";
import { sameOrigin } from "../../relay/same_origin";
import { texts } from "../../texts/texts";
import type { uploadMutation } from "../../__generated__/uploadMutation.graphql";

const CREATE = graphql`
  mutation uploadMutation($filename: String!, $bytes: BigInt) {
    stagedUploadCreate(filename: $filename, bytes: $bytes) {
      stagedUpload {
        id
        url
        maxBytes
      }
      userErrors {
        message
      }
    }
  }
`;

export type Upload = {
  /** While a file is sent: its name, and how much of it has gone. */
  sending: { name: string; sent: number; total: number } | null;
  error: string | null;
  /** Gives the id of the upload, or null when it was refused, stopped or failed; `error` says why. */
  send: (file: File) => Promise<string | null>;
  stop: () => void;
};

/** Sends a file to the server, with its progress. A file that is too large is refused before it is sent. */
export function useUpload(): Upload {
  const [create] = useMutationCall<uploadMutation>(CREATE);
  const [sending, setSending] = useState<Upload["sending"]>(null);
  const [error, setError] = useState<string | null>(null);
  const request = useRef<XMLHttpRequest | null>(null);
  useEffect(() => () => request.current?.abort(), []);
  const stop = useCallback(() => request.current?.abort(), []);

  const send = async (file: File): Promise<string | null> => {
    setError(null);
    setSending({ name: file.name, sent: 0, total: file.size });
    try {
      const answer = await create({ filename: file.name, bytes: file.size });
      const refusal = answer?.stagedUploadCreate.userErrors[0];
      const upload = answer?.stagedUploadCreate.stagedUpload;
      if (refusal) setError(refusal.message);
      if (!upload) return null;
      const xhr = new XMLHttpRequest();
      request.current = xhr;
      const failure = await put(xhr, sameOrigin(upload.url), file, (sent) => setSending({ name: file.name, sent, total: file.size }));
      setError(failure);
      return failure === null && xhr.status === 200 ? upload.id : null;
    } finally {
      request.current = null;
      setSending(null);
    }
  };
  return { sending, error, send, stop };
}

/** Resolves to what went wrong in words, or null when nothing did or it was stopped. */
function put(xhr: XMLHttpRequest, url: string, file: File, onSent: (bytes: number) => void): Promise<string | null> {
  return new Promise((resolve) => {
    xhr.open("PUT", url);
    xhr.upload.addEventListener("progress", (event) => onSent(event.loaded));
    xhr.addEventListener("load", () => resolve(xhr.status === 200 ? null : refusalOf(xhr.responseText)));
    xhr.addEventListener("error", () => resolve(texts().transfers.import.uploadFailed));
    xhr.addEventListener("abort", () => resolve(null));
    xhr.send(file);
  });
}

function refusalOf(body: string): string {
  try {
    const { error } = JSON.parse(body) as { error?: unknown };
    if (typeof error === "string") return error;
  } catch {
    // not an answer of the API
  }
  return texts().transfers.import.uploadFailed;
}
