import { afterEach, expect, test, vi } from 'vitest';
import { address, Problem, problemOf, send } from './http';
import { htmlOf } from './tickets';

function answer(status: number, body: string) {
  const fetched = vi.fn((_url: string, _request: RequestInit) =>
    Promise.resolve(new Response(body || null, { status })),
  );
  vi.stubGlobal('fetch', fetched);
  return fetched;
}

const refused = (path: string) => send(path).then(() => expect.unreachable(), problemOf);

afterEach(() => vi.unstubAllGlobals());

test('a request carries JSON and leaves empty query values out', async () => {
  const fetched = answer(200, '{"id":7}');
  expect(await send('/x', { method: 'POST', query: { a: 'b c', none: '', off: undefined }, body: { n: 1 } })).toEqual({
    id: 7,
  });
  const [url, request] = fetched.mock.calls[0] ?? [];
  expect(url).toBe('/x?a=b+c');
  expect(request?.body).toBe('{"n":1}');
  expect(request?.headers).toMatchObject({ 'Content-Type': 'application/json' });
  expect(address('/x', {})).toBe('/x');
});

test('a form goes as it is, and an answer may be empty', async () => {
  const fetched = answer(204, '');
  const form = new FormData();
  expect(await send('/x', { method: 'POST', body: form })).toBeUndefined();
  expect(fetched.mock.calls[0]?.[1].body).toBe(form);
  expect(fetched.mock.calls[0]?.[1].headers).not.toHaveProperty('Content-Type');
});

test('a problem says what is wrong, and where', async () => {
  answer(
    422,
    '{"title":"Unprocessable Entity","detail":"One field is wrong.","errors":[{"location":"caller.email","message":"is taken"}]}',
  );
  const problem = await refused('/x');
  expect(problem.status).toBe(422);
  expect(problem.title).toBe('One field is wrong.');
  expect(problem.field('email')).toBe('is taken');
  expect(problem.field('name')).toBeUndefined();
});

test('an answer that is no problem is told too', async () => {
  answer(502, '<html>Bad gateway</html>');
  expect((await refused('/x')).title).toBe('The server answered 502');
  answer(400, '{"error":"Say something."}');
  expect((await refused('/x')).title).toBe('Say something.');
  answer(200, '<html>');
  expect((await refused('/x')).title).toBe('The answer cannot be read');
});

test('no answer is told, and an aborted request is not', async () => {
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('failed')));
  expect((await refused('/x')).title).toBe('The server cannot be reached');
  vi.stubGlobal('fetch', () => Promise.reject(new DOMException('', 'AbortError')));
  await expect(send('/x')).rejects.not.toBeInstanceOf(Problem);
});

test('plain text becomes HTML that says the same', () => {
  expect(htmlOf(' a <b> & c\nd\n\n\ne ')).toBe('<p>a &lt;b&gt; &amp; c<br>d</p><p>e</p>');
});
