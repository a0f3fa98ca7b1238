/** One request as the world sees it, whatever carried it. */
export interface SimHttpRequest {
  readonly method: string;
  /** Path with query, as on the request line. */
  readonly target: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface SimHttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Set by a fault: the answer never leaves, the connection is cut or stays open. */
  readonly delivery?: 'cut' | 'silence';
}

/** A request taken apart once for the dialects. */
export interface ParsedRequest extends SimHttpRequest {
  readonly path: string;
  /** Query string without the question mark, as sent: what signatures cover. */
  readonly rawQuery: string;
  readonly query: URLSearchParams;
}

export function parseRequest(request: SimHttpRequest): ParsedRequest {
  const cut = request.target.indexOf('?');
  const path = cut < 0 ? request.target : request.target.slice(0, cut);
  const rawQuery = cut < 0 ? '' : request.target.slice(cut + 1);
  return { ...request, path, rawQuery, query: new URLSearchParams(rawQuery) };
}

export function json(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): SimHttpResponse {
  return {
    status,
    headers: { 'content-type': 'application/json;charset=utf-8', ...headers },
    body: JSON.stringify(value),
  };
}

/** The object in a JSON body; null when it is none. */
export function readJsonObject(body: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

/** A text or number field as text; empty when absent. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}
