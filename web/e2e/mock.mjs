// A server for the page tests: the built pages with the policy that web.go
// serves them with, and interfaces that answer from memory.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname } from 'node:path';
import { consoleRoutes } from './mock-console.mjs';
import { simulator } from './mock-simulator.mjs';

const here = new URL('.', import.meta.url);
const kinds = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };

/** Reads the policy from web.go, so that the tests run under the real one. */
async function policy() {
  const source = await readFile(new URL('../web.go', here), 'utf8');
  const lines = /ContentSecurityPolicy = ((?:"[^"]*"[\s+]*)+)/.exec(source)[1];
  return [...lines.matchAll(/"([^"]*)"/g)].map(m => m[1]).join('');
}

export async function serve() {
  const csp = await policy();
  const routes = [...simulator(), ...consoleRoutes()];
  const open = new Set();
  const server = createServer(async (request, response) => {
    const url = new URL(request.url, 'http://mock');
    try {
      if (url.pathname.startsWith('/demo/api') || url.pathname.startsWith('/api/')) {
        await answer(routes, url, request, response);
      } else {
        await file(url.pathname, csp, response);
      }
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
  server.on('connection', socket => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  await new Promise(done => server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', done));
  const close = () => {
    for (const socket of open) {
      socket.destroy();
    }
    return new Promise(done => server.close(done));
  };
  return { url: `http://127.0.0.1:${server.address().port}`, close };
}

async function answer(routes, url, request, response) {
  for (const [method, pattern, handle] of routes) {
    const match = method === request.method && pattern.exec(url.pathname);
    if (!match) {
      continue;
    }
    const chunks = [];
    for await (const chunk of request) {
      chunks.push(chunk);
    }
    const text = Buffer.concat(chunks).toString();
    const json = request.headers['content-type']?.includes('json') && text ? JSON.parse(text) : undefined;
    const ids = match.slice(1).map(decodeURIComponent);
    const result = await handle({ ids, body: json, text, query: url.searchParams, request, response });
    if (result !== undefined && !response.headersSent) {
      const { $status = 200, ...rest } = Array.isArray(result) ? { $status: 200, list: result } : result;
      response.writeHead($status, { 'Content-Type': $status < 400 ? 'application/json' : 'application/problem+json' });
      response.end($status === 204 ? undefined : JSON.stringify(Array.isArray(result) ? result : rest));
    }
    return;
  }
  response.writeHead(404, { 'Content-Type': 'application/problem+json' });
  response.end(JSON.stringify({ title: 'Not found', status: 404, detail: `${request.method} ${url.pathname}` }));
}

async function file(path, csp, response) {
  const name = path.startsWith('/assets/') ? path : path.startsWith('/demo') ? '/demo.html' : '/app.html';
  const content = await readFile(new URL(`../dist${name}`, here));
  const headers = { 'Content-Type': kinds[extname(name)] ?? 'application/octet-stream' };
  if (name.endsWith('.html')) {
    headers['Content-Security-Policy'] = csp;
  }
  response.writeHead(200, headers).end(content);
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  process.stdout.write(`${(await serve()).url}\n`);
}
