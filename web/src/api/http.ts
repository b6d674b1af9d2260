/** One mistake in a request, at a place such as `body.title`. */
export interface FieldProblem {
  location?: string;
  message: string;
}

/** A refused or failed request: what the server said (RFC 9457), or that it could not be reached. */
export class Problem extends Error {
  override name = 'Problem';

  constructor(
    /** The HTTP status; 0 when no answer came. */
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly errors: FieldProblem[] = [],
  ) {
    super(detail || title);
  }

  /** The mistake at a field, by the last part of its location. */
  field(name: string): string | undefined {
    return this.errors.find(e => e.location?.split('.').at(-1) === name)?.message;
  }
}

/** Any thrown value as a Problem, so that pages show all failures the same way. */
export function problemOf(error: unknown): Problem {
  return error instanceof Problem ? error : new Problem(0, 'Something went wrong', String(error));
}

type Query = Record<string, string | number | boolean | undefined>;

export interface Request {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  query?: Query | undefined;
  /** Sent as JSON, or as it is when it is a form with files. */
  body?: unknown;
  signal?: AbortSignal | undefined;
}

/** The address with the parts of a query that have a value. */
export function address(path: string, query: Query = {}): string {
  const parts = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') {
      parts.set(key, String(value));
    }
  }
  const text = parts.toString();
  return text ? `${path}?${text}` : path;
}

/** Sends a request and returns the answer's JSON; undefined when it has no body. Throws a Problem. */
export async function send<T>(path: string, request: Request = {}): Promise<T> {
  const form = request.body instanceof FormData;
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (request.body !== undefined && !form) {
    headers['Content-Type'] = 'application/json';
  }
  let answer: Response;
  try {
    answer = await fetch(address(path, request.query), {
      method: request.method ?? 'GET',
      headers,
      credentials: 'same-origin',
      signal: request.signal ?? null,
      body: request.body === undefined ? null : form ? (request.body as FormData) : JSON.stringify(request.body),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') {
      throw error;
    }
    throw new Problem(0, 'The server cannot be reached', 'Check that Deskbridge runs, then try again.');
  }
  const text = await answer.text();
  const json = parse(text);
  if (!answer.ok) {
    throw problem(answer.status, json, text);
  }
  if (text !== '' && json === undefined) {
    throw new Problem(
      answer.status,
      'The answer cannot be read',
      'It is not JSON. Try again or ask your administrator.',
    );
  }
  return json as T;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function problem(status: number, json: unknown, text: string): Problem {
  if (typeof json === 'object' && json !== null) {
    const p = json as { title?: string; detail?: string; errors?: FieldProblem[]; error?: string };
    const errors = Array.isArray(p.errors) ? p.errors : [];
    // The detail is a sentence about this very case; the title only repeats the status.
    return new Problem(status, p.detail || p.error || p.title || `The server answered ${status}`, '', errors);
  }
  return new Problem(status, `The server answered ${status}`, text.slice(0, 200));
}
