// Plays the simulator's interface (/demo/api) from memory.
import * as cards from './cards.mjs';

const now = () => Math.floor(Date.now() / 1000);

export function simulator() {
  const listeners = new Set();
  const dana = {
    id: 'c1',
    name: 'Dana Scully',
    email: 'dana@example.org',
    role: 'user',
    custom_attributes: { itop_class: 'Person', itop_id: '3' },
  };
  const long = {
    id: 'c2',
    name: 'Bartholomew Featherstonehaugh-Cholmondeley of Wolfeschlegelsteinhausen',
    email: 'bartholomew.featherstonehaugh-cholmondeley@a-rather-long-domain-name.example.org',
    role: 'lead',
  };
  const contacts = [dana, long];
  const admins = [
    { id: 'a1', name: 'Fox Mulder', email: 'fox@example.com' },
    { id: 'a2', name: 'Monica Reyes', email: 'monica@example.com' },
  ];
  const author = (as, id) =>
    as === 'admin' ? { type: 'admin', ...admins.find(a => a.id === id) } : { type: 'user', ...dana };
  const part = (id, type, body, who, more = {}) => ({
    id,
    part_type: type,
    body,
    created_at: now() - 600,
    author: who,
    attachments: [],
    redacted: false,
    ...more,
  });
  const talks = [
    {
      id: '215474343849634',
      state: 'open',
      contact: dana,
      assignee: admins[0],
      title: 'The printer on the second floor does not print any more since this morning',
      parts: [
        part(
          'p1',
          'comment',
          '<p>The printer <b>does not print</b>.<script>window.hacked=1</script><img src=x onerror="window.hacked=1"></p>',
          author('contact'),
        ),
        part('p2', 'assignment', null, author('admin', 'a1')),
        part(
          'p3',
          'comment',
          '<p>Which one? See <a href="https://example.org/printers">the list</a>.</p>',
          author('admin', 'a1'),
        ),
        part('p4', 'note', '<p>Probably the toner again.</p>', author('admin', 'a1')),
        part('p5', 'comment', '<p>Here.</p>', author('contact'), {
          attachments: [{ name: 'photo-of-the-printer.jpg', url: '/demo/files/1', content_type: 'image/jpeg' }],
        }),
        part('p6', 'comment', '', author('contact'), { redacted: true }),
      ],
    },
    {
      id: '215474343849635',
      state: 'closed',
      contact: dana,
      assignee: null,
      title: 'Badge',
      parts: [part('q1', 'close', null, author('admin', 'a2'))],
    },
  ];
  const deliveries = [
    {
      id: 'd2',
      topic: 'conversation.admin.noted',
      conversation_id: '215474343849634',
      status: 503,
      attempts: 2,
      ms: 5002,
      error: 'no answer within 5 s',
      sent_at: now() - 60,
    },
    {
      id: 'd1',
      topic: 'conversation.user.created',
      conversation_id: '215474343849634',
      status: 200,
      attempts: 1,
      ms: 7,
      error: '',
      sent_at: now() - 120,
    },
  ];
  const tell = (event, data) => {
    for (const r of listeners) {
      r.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    }
  };
  const deliver = (talk, topic) => {
    deliveries.unshift({
      id: `d${deliveries.length + 1}`,
      topic,
      conversation_id: talk.id,
      status: 200,
      attempts: 1,
      ms: 9,
      error: '',
      sent_at: now(),
    });
    tell('conversation', { id: talk.id });
    tell('delivery', { id: deliveries[0].id });
  };
  const find = id => talks.find(t => t.id === id);

  return [
    [
      'GET',
      /^\/demo\/api\/state$/,
      () => ({
        workspace_id: 'demo',
        contacts,
        admins,
        conversations: talks.map(t => ({
          id: t.id,
          contact_id: t.contact.id,
          state: t.state,
          title: t.title,
          updated_at: now(),
        })),
      }),
    ],
    [
      'POST',
      /^\/demo\/api\/contacts$/,
      ({ body }) => {
        if (!body.email.includes('.')) {
          return {
            $status: 422,
            title: 'Unprocessable Entity',
            detail: 'One field is wrong.',
            errors: [{ location: 'body.email', message: 'Enter a full address.' }],
          };
        }
        const made = { id: `c${contacts.length + 1}`, role: 'user', ...body };
        contacts.push(made);
        return made;
      },
    ],
    [
      'POST',
      /^\/demo\/api\/conversations$/,
      ({ body }) => {
        const talk = {
          id: `21547434384963${4 + talks.length}`,
          state: 'open',
          contact: contacts.find(c => c.id === body.contact_id),
          assignee: null,
          title: body.body,
          parts: [],
        };
        talk.parts.push(part(`n${talks.length}`, 'comment', body.body, { type: 'user', ...talk.contact }));
        talks.unshift(talk);
        deliver(talk, 'conversation.user.created');
        return { id: talk.id };
      },
    ],
    [
      'GET',
      /^\/demo\/api\/conversations\/([^/]+)$/,
      ({ ids }) => find(ids[0]) ?? { $status: 404, title: 'Not found', detail: 'There is no such conversation.' },
    ],
    [
      'POST',
      /^\/demo\/api\/conversations\/([^/]+)\/parts$/,
      ({ ids, body }) => {
        const talk = find(ids[0]);
        talk.parts.push(
          part(`m${talk.parts.length}${talk.id}`, body.type, body.body ?? null, author(body.as, body.admin_id), {
            created_at: now(),
          }),
        );
        talk.state = { close: 'closed', open: 'open' }[body.type] ?? talk.state;
        talk.assignee = body.type === 'assign' ? admins.find(a => a.id === body.admin_id) : talk.assignee;
        deliver(talk, body.as === 'contact' ? 'conversation.user.replied' : `conversation.admin.${body.type}`);
        return { ok: true };
      },
    ],
    [
      'POST',
      /^\/demo\/api\/conversations\/([^/]+)\/parts\/([^/]+)\/redact$/,
      ({ ids }) => {
        Object.assign(
          find(ids[0]).parts.find(p => p.id === ids[1]),
          { redacted: true, body: '' },
        );
        deliver(find(ids[0]), 'conversation_part.redacted');
        return { ok: true };
      },
    ],
    [
      'POST',
      /^\/demo\/api\/canvas$/,
      ({ body }) => {
        const canvas =
          {
            create: cards.form(false),
            save: body.input_values?.title ? cards.view : cards.form(true),
            search: cards.search,
            words: cards.view,
            linked: cards.view,
            ongoing: cards.view,
            bad: cards.broken,
          }[body.component_id] ?? cards.home;
        return body.component_id === 'fail'
          ? { status: 502, ms: 2001, canvas: null, error: 'no answer within 2 s' }
          : { status: 200, ms: 12, canvas, error: '' };
      },
    ],
    ['GET', /^\/demo\/api\/deliveries$/, () => deliveries],
    [
      'GET',
      /^\/demo\/api\/events$/,
      ({ response }) => {
        response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
        response.write(': hello\n\n');
        listeners.add(response);
        response.on('close', () => listeners.delete(response));
      },
    ],
  ];
}
