// Plays the console's interface (/api/v1) from memory.
import * as cards from './cards.mjs';

const hour = n => new Date(Date.now() - n * 3_600_000).toISOString();
const problem = (status, detail, errors = []) => ({
  $status: status,
  type: 'about:blank',
  title: { 401: 'Unauthorized', 404: 'Not Found', 409: 'Conflict', 422: 'Unprocessable Entity' }[status],
  status,
  detail,
  errors,
});

const yaml = `workspace: main
name: Service desk
channel:
  kind: intercom
  region: eu
  access_token: "********"
  client_secret: "********"
desk:
  kind: builtin
  class: UserRequest
forms:
  attributes: [title, description, urgency]
`;

export function consoleRoutes() {
  const me = {
    user_id: 1,
    desk_id: 1,
    person_id: 0,
    email: 'ada@example.com',
    name: 'Ada Lovelace',
    role: 'administrator',
    profiles: [],
    api_key_id: 0,
    scope: 'write',
  };
  const users = [
    {
      id: 1,
      email: me.email,
      name: me.name,
      role: 'administrator',
      person_id: 0,
      profiles: [],
      disabled: false,
      has_password: true,
      created_at: hour(90),
      updated_at: hour(9),
      signed_in_at: hour(0),
    },
    {
      id: 2,
      email: 'grace@example.com',
      name: 'Grace Hopper',
      role: 'supporter',
      person_id: 4,
      profiles: ['Support Agent'],
      disabled: false,
      has_password: false,
      created_at: hour(80),
      updated_at: hour(8),
    },
    {
      id: 3,
      email: 'old@example.com',
      name: 'Somebody Gone',
      role: 'portal',
      person_id: 5,
      profiles: ['Portal user'],
      disabled: true,
      has_password: true,
      created_at: hour(70),
      updated_at: hour(7),
    },
  ];
  const keys = [
    {
      id: 1,
      user_id: 1,
      name: 'Reporting',
      prefix: 'dbk_3fa9',
      role: 'supporter',
      scope: 'read',
      created_by: 'Ada Lovelace',
      created_at: hour(50),
      last_used_at: hour(1),
    },
    {
      id: 2,
      user_id: 1,
      name: 'Old import',
      prefix: 'dbk_91c0',
      role: 'administrator',
      scope: 'write',
      created_by: 'Ada Lovelace',
      created_at: hour(60),
      revoked_at: hour(40),
    },
  ];
  const lines = [
    {
      slug: 'main',
      name: 'Service desk',
      channel: 'intercom',
      desk: 'builtin',
      app_ids: ['abcd123'],
      updated_at: hour(3),
      counts: { links: 12, failed: 1, pending: 2, done: 341, skipped: 4 },
    },
    {
      slug: 'field-service',
      name: 'Field service of the northern region with a rather long name',
      channel: 'intercom',
      desk: 'itop',
      app_ids: ['efgh456', 'ijkl789'],
      updated_at: hour(30),
      counts: { links: 0, failed: 0, pending: 0, done: 0, skipped: 0 },
    },
  ];
  const saved = { main: yaml };
  const detail = slug => {
    const line = lines.find(l => l.slug === slug);
    return line
      ? {
          ...line,
          yaml: saved[slug] ?? yaml,
          endpoints: {
            initialize: 'https://desk.example.org/intercom/canvas/initialize',
            submit: 'https://desk.example.org/intercom/canvas/submit',
            webhooks: 'https://desk.example.org/intercom/webhooks',
          },
        }
      : problem(404, 'There is no such workspace.');
  };
  const ledger = [
    {
      id: 3,
      direction: 'in',
      status: 'failed',
      log: 'public',
      conversation_id: '215474343849634',
      ticket_ref: 'R-000001',
      ticket_key: 'UserRequest::1',
      author: 'Dana Scully',
      excerpt: 'The printer does not print.',
      attempts: 5,
      error: 'iTop answered: the account may not write the public log.',
      created_at: hour(1),
      updated_at: hour(0),
    },
    {
      id: 2,
      direction: 'out',
      status: 'done',
      log: 'public',
      conversation_id: '215474343849634',
      ticket_ref: 'R-000001',
      ticket_key: 'UserRequest::1',
      author: 'Grace Hopper',
      excerpt: 'We are on our way.',
      attempts: 1,
      remote_id: '99',
      created_at: hour(2),
      updated_at: hour(2),
    },
    {
      id: 1,
      direction: 'in',
      status: 'pending',
      log: 'private',
      conversation_id: '215474343849634',
      ticket_ref: 'R-000001',
      ticket_key: 'UserRequest::1',
      author: 'Fox Mulder',
      excerpt: 'Toner again.',
      attempts: 0,
      created_at: hour(3),
      updated_at: hour(3),
    },
  ];
  const ticket = {
    id: 1,
    class: 'UserRequest',
    ref: 'R-000001',
    title: 'Printer on the second floor does not print',
    status: 'assigned',
    status_label: 'Assigned',
    description: '<p>The printer <b>does not print</b> since this morning.</p>',
    urgency: 2,
    impact: 3,
    priority: 3,
    origin: 'chat',
    org_id: 1,
    org_name: 'Demo',
    caller_id: 3,
    caller_name: 'Dana Scully',
    agent_id: 4,
    agent_name: 'Grace Hopper',
    team_id: 1,
    team_name: 'Helpdesk',
    service_id: 1,
    service_name: 'Printing',
    servicesubcategory_id: 0,
    servicesubcategory_name: '',
    intercom_ref: '215474343849634',
    intercom_url: 'https://app.intercom.com/a/inbox/abcd123',
    intercom_sync_activated: true,
    solution: '',
    resolution_code: '',
    pending_reason: '',
    custom: {},
    start_date: hour(5),
    last_update: hour(1),
    version: 3,
  };
  const entries = [
    {
      id: 1,
      log: 'public',
      at: hour(4),
      person_id: 3,
      author: 'Dana Scully',
      html: '<p>It does not print.</p>',
      disclaimer: 'Message synchronized from the Intercom conversation',
    },
    {
      id: 2,
      log: 'private',
      at: hour(3),
      person_id: 4,
      author: 'Grace Hopper',
      html: '<p>Probably the toner again.</p>',
    },
  ];
  const files = [
    {
      id: 'aa',
      log: 'public',
      name: 'photo-of-the-printer.jpg',
      type: 'image/jpeg',
      size: 123456,
      sha256: '',
      person_id: 3,
      author: 'Dana Scully',
      created_at: hour(4),
      path: '/api/v1/attachments/aa',
    },
  ];
  const stimuli = {
    assigned: [
      ['ev_reassign', 'Re-assign', 'assigned'],
      ['ev_pending', 'Wait', 'pending'],
      ['ev_resolve', 'Resolve', 'resolved'],
      ['ev_reject', 'Reject', 'rejected'],
    ],
    resolved: [
      ['ev_reopen', 'Re-open', 'assigned'],
      ['ev_close', 'Close', 'closed'],
    ],
  };
  const in_ = handle => context =>
    context.request.headers.cookie?.includes('mock=1') ? handle(context) : problem(401, 'Sign in first.');
  const v1 = rest => new RegExp(`^/api/v1${rest}$`);

  return [
    ['GET', v1('/setup'), () => ({ open: true })],
    [
      'POST',
      v1('/setup'),
      ({ body }) => {
        if (body.token !== 'once') {
          return problem(401, 'This set-up link was used, has ended, or is not the newest one.');
        }
        return body.password.length < 10
          ? problem(422, 'One field is wrong.', [{ location: 'password', message: 'must have at least 10 characters' }])
          : { ...users[0], $status: 201 };
      },
    ],
    [
      'POST',
      v1('/session'),
      ({ body, response }) => {
        if (body.password !== 'correct horse') {
          return problem(401, 'The e-mail address or the password is wrong.');
        }
        response.setHeader('Set-Cookie', 'mock=1; Path=/; HttpOnly');
        return me;
      },
    ],
    ['GET', v1('/session'), in_(() => me)],
    [
      'DELETE',
      v1('/session'),
      ({ response }) => {
        response.setHeader('Set-Cookie', 'mock=; Path=/; Max-Age=0');
        return { $status: 204 };
      },
    ],
    [
      'GET',
      v1('/users'),
      in_(({ query }) => {
        const found = users.filter(u =>
          (u.name + u.email).toLowerCase().includes((query.get('search') ?? '').toLowerCase()),
        );
        return { items: found, total: found.length };
      }),
    ],
    [
      'POST',
      v1('/users'),
      in_(({ body }) => {
        if (users.some(u => u.email === body.email)) {
          return problem(422, 'One field is wrong.', [{ location: 'email', message: 'is taken by another user' }]);
        }
        users.push({
          id: users.length + 1,
          person_id: 0,
          disabled: false,
          has_password: Boolean(body.password),
          created_at: hour(0),
          updated_at: hour(0),
          ...body,
        });
        return { ...users.at(-1), $status: 201 };
      }),
    ],
    [
      'PATCH',
      v1('/users/(\\d+)'),
      in_(({ ids, body }) =>
        Object.assign(
          users.find(u => u.id === Number(ids[0])),
          body,
        ),
      ),
    ],
    ['GET', v1('/api-keys'), in_(() => ({ items: keys, total: keys.length }))],
    [
      'POST',
      v1('/api-keys'),
      in_(({ body }) => {
        const made = {
          id: keys.length + 1,
          user_id: 1,
          prefix: 'dbk_77aa',
          created_by: me.name,
          created_at: hour(0),
          ...body,
        };
        keys.unshift(made);
        return { ...made, token: 'dbk_77aa0123456789abcdef0123456789abcdef', $status: 201 };
      }),
    ],
    [
      'DELETE',
      v1('/api-keys/(\\d+)'),
      in_(({ ids }) => {
        keys.find(k => k.id === Number(ids[0])).revoked_at = hour(0);
        return { $status: 204 };
      }),
    ],
    [
      'GET',
      v1('/audit'),
      in_(({ query }) =>
        query.get('cursor')
          ? {
              items: [
                {
                  id: 1,
                  at: hour(90),
                  actor: 'setup',
                  action: 'user.created',
                  subject: 'user:1',
                  new: { email: me.email },
                  address: '127.0.0.1',
                },
              ],
              total: 2,
            }
          : {
              items: [
                {
                  id: 2,
                  at: hour(4),
                  actor: 'user:1',
                  action: 'user.updated',
                  subject: 'user:2',
                  old: { role: 'portal' },
                  new: { role: 'supporter' },
                  address: '127.0.0.1',
                },
              ],
              total: 2,
              next: '2',
            },
      ),
    ],
    [
      'GET',
      v1('/tickets'),
      in_(({ query }) => {
        const all = Array.from({ length: 45 }, (_, i) =>
          i === 0
            ? ticket
            : {
                ...ticket,
                id: i + 1,
                ref: `R-${String(i + 1).padStart(6, '0')}`,
                title: `Request number ${i + 1}`,
                status: ['new', 'pending', 'resolved', 'closed', 'rejected'][i % 5],
                agent_name: '',
                team_name: '',
              },
        );
        const found = all.filter(
          t =>
            (!query.get('status') || t.status === query.get('status')) &&
            t.title.toLowerCase().includes((query.get('q') ?? '').toLowerCase()),
        );
        const from = Number(query.get('cursor') ?? 0);
        return { items: found.slice(from, from + Number(query.get('limit'))), total: found.length };
      }),
    ],
    [
      'GET',
      v1('/tickets/(\\d+)'),
      in_(({ ids }) => (ids[0] === '1' ? ticket : problem(404, 'There is no such ticket.'))),
    ],
    ['GET', v1('/tickets/1/entries'), in_(() => ({ items: entries, total: entries.length }))],
    [
      'POST',
      v1('/tickets/1/entries'),
      in_(({ body }) => {
        entries.push({ id: entries.length + 1, at: hour(0), person_id: 0, author: me.name, ...body });
        return { ...entries.at(-1), $status: 201 };
      }),
    ],
    [
      'GET',
      v1('/tickets/1/stimuli'),
      in_(() => ({ items: (stimuli[ticket.status] ?? []).map(([stimulus, label, to]) => ({ stimulus, label, to })) })),
    ],
    [
      'POST',
      v1('/tickets/1/stimuli/(\\w+)'),
      in_(({ ids, body }) => {
        if (body.version !== ticket.version) {
          return problem(409, 'The ticket was changed meanwhile. Load it again.');
        }
        if (ids[0] === 'ev_resolve' && body.solution.length < 5) {
          return problem(422, 'One field is wrong.', [{ location: 'solution', message: 'Say what was done.' }]);
        }
        const [, , to] = stimuli[ticket.status].find(([code]) => code === ids[0]);
        return Object.assign(ticket, body, { status: to, version: ticket.version + 1 });
      }),
    ],
    ['GET', v1('/tickets/1/attachments'), in_(() => ({ items: files, total: files.length }))],
    [
      'POST',
      v1('/tickets/1/attachments'),
      in_(({ text }) => {
        const name = /filename="([^"]+)"/.exec(text)[1];
        const log = /name="log"\r\n\r\n(\w+)/.exec(text)[1];
        files.push({
          id: `f${files.length}`,
          log,
          name,
          type: 'text/plain',
          size: 5,
          author: me.name,
          created_at: hour(0),
        });
        return { ...files.at(-1), $status: 201 };
      }),
    ],
    [
      'GET',
      v1('/teams'),
      in_(() => ({
        items: [
          { id: 1, name: 'Helpdesk' },
          { id: 2, name: 'Network' },
        ],
        total: 2,
      })),
    ],
    [
      'GET',
      v1('/teams/(\\d+)/members'),
      in_(({ ids }) => ({
        items:
          ids[0] === '1'
            ? [{ person_id: 4, person_name: 'Grace Hopper' }]
            : [{ person_id: 6, person_name: 'Barbara Liskov' }],
        total: 1,
      })),
    ],
    ['GET', v1('/workspaces'), in_(() => ({ items: lines }))],
    ['GET', v1('/workspaces/([^/]+)'), in_(({ ids }) => detail(ids[0]))],
    [
      'PUT',
      v1('/workspaces/([^/]+)'),
      in_(({ ids, body, query }) => {
        if (body.yaml.includes('region: mars')) {
          return problem(422, 'The set-up has mistakes.', [
            { location: 'channel.region', message: 'line 5: must be us, eu or au' },
            { location: 'forms.attributes', message: 'line 12: there is no attribute "urgency"' },
          ]);
        }
        if (query.get('dry_run')) {
          return { slug: ids[0], yaml: body.yaml };
        }
        if (!lines.some(l => l.slug === ids[0])) {
          const counts = { links: 0, failed: 0, pending: 0, done: 0, skipped: 0 };
          const name = /^name: (.*)$/m.exec(body.yaml)[1];
          lines.push({
            slug: ids[0],
            name,
            channel: 'intercom',
            desk: 'builtin',
            app_ids: ['x'],
            updated_at: hour(0),
            counts,
          });
        }
        saved[ids[0]] = body.yaml;
        return detail(ids[0]);
      }),
    ],
    [
      'POST',
      v1('/workspaces/([^/]+)/test'),
      in_(() => ({
        findings: [
          {
            ok: true,
            subject: 'Intercom',
            text: 'The access token works; the workspace is abcd123 (eu).',
            fatal: false,
          },
          {
            ok: false,
            subject: 'Right to write CaseLog',
            text: 'The account is no administrator: authors are named in the text.',
            fatal: false,
          },
          { ok: false, subject: 'iTop', text: 'No answer from https://itop.example.org within 10 s.', fatal: true },
        ],
      })),
    ],
    [
      'GET',
      v1('/workspaces/([^/]+)/preview'),
      in_(({ query }) => ({
        canvas: {
          home: cards.home,
          linked: cards.view,
          ongoing: cards.broken,
          search: cards.search,
          view: cards.view,
          create: cards.form(false),
        }[query.get('card')],
      })),
    ],
    [
      'GET',
      v1('/workspaces/([^/]+)/ledger'),
      in_(({ query }) => {
        const found = ledger.filter(r => !query.get('status') || r.status === query.get('status'));
        return { items: found };
      }),
    ],
    [
      'POST',
      v1('/workspaces/([^/]+)/ledger/(\\d+)/retry'),
      in_(({ ids }) => {
        Object.assign(
          ledger.find(r => r.id === Number(ids[1])),
          { status: 'pending', error: '' },
        );
        return { ok: true };
      }),
    ],
    [
      'POST',
      v1('/workspaces/([^/]+)/ledger/retry-failed'),
      in_(() => {
        const failed = ledger.filter(r => r.status === 'failed');
        for (const row of failed) {
          row.status = 'pending';
        }
        return { retried: failed.length };
      }),
    ],
  ];
}
