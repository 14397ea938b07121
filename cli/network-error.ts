/** Why a connection failed, in words. Pure; names host and code, never a header. */

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was closed',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name can not be looked up now',
  ETIMEDOUT: 'no answer in time',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
  UND_ERR_SOCKET: 'the connection was closed',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate chain is self-signed',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate chain is incomplete',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
};

export interface NetworkError {
  readonly code: string;
  readonly words: string;
  /** Nothing listens, or nothing has this name: trying again at once does not help. */
  readonly isLasting: boolean;
}

/** What an error of `fetch` means. */
export function networkErrorOf(error: unknown): NetworkError {
  const code = codeOf(error);
  const isLasting = !/^(?:ECONNRESET|EAI_AGAIN|ETIMEDOUT|UND_ERR_SOCKET|timeout)$/.test(code);
  if (code === 'timeout') return { code, words: 'no answer in time', isLasting };
  return { code, words: WORDS[code] ?? (code === '' ? 'the connection failed' : code), isLasting };
}

function codeOf(error: unknown): string {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if (at.name === 'TimeoutError') return 'timeout';
    if ('code' in at && typeof at.code === 'string' && /^[A-Z_0-9]+$/.test(at.code)) return at.code;
    if (at instanceof AggregateError && at.errors.length > 0) return codeOf(at.errors[0]);
  }
  return '';
}
