// The whole bridge, as a person sees it: drives a running `deskbridge demo`
// whose address is in DESKBRIDGE_URL. Without one it is skipped.
//
//	DESKBRIDGE_URL=http://127.0.0.1:8080 node --test e2e/demo.spec.mjs
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accessible, launch, open, picture } from './browser.mjs';

const base = process.env.DESKBRIDGE_URL;
const password = process.env.DESKBRIDGE_PASSWORD ?? 'try-deskbridge-now';
const administrator = process.env.DESKBRIDGE_ADMIN ?? 'admin@demo.example';
const caller = { name: 'Pablo Picasso', email: 'pablo.picasso@demo.example' };
const agent = 'Jane Agent';

// What each run says, so that runs against one server do not meet.
const run = Date.now().toString(36);
const title = `The projector is dark ${run}`;
const said = {
  reply: `Is it plugged in? ${run}`,
  note: `He never plugs it in. ${run}`,
  paused: `Said while paused ${run}`,
  resumed: `Said after resuming ${run}`,
  missed: `Said while paused again ${run}`,
};

let browser;

before(async () => {
  browser = base ? await launch() : undefined;
});
after(async () => {
  await browser?.close();
});

/** Asks until the answer is right, for at most ten seconds. */
async function until(what, ask) {
  const end = Date.now() + 10_000;
  for (;;) {
    const answer = await ask();
    if (answer) {
      return answer;
    }
    assert.ok(Date.now() < end, `${what} did not happen within 10 s`);
    await new Promise(done => setTimeout(done, 50));
  }
}

/** The interface of the product, as the signed-in administrator. */
async function api(context, path) {
  const answer = await context.request.get(`${base}/api/v1${path}`);
  assert.equal(answer.status(), 200, `GET ${path}: ${await answer.text()}`);
  return answer.json();
}

async function signIn(page) {
  const answer = await page
    .context()
    .request.post(`${base}/api/v1/session`, { data: { email: administrator, password } });
  assert.equal(answer.status(), 200, await answer.text());
}

/** Says something in the open conversation and waits for its webhook. */
async function say(page, voice, button, text) {
  await page.locator('form').getByText(voice, { exact: true }).click();
  await page.getByRole('textbox', { name: voice, exact: true }).fill(text);
  await page.getByRole('button', { name: button }).click();
  await page.getByRole('log').getByText(text).waitFor();
}

const skip = base ? false : 'DESKBRIDGE_URL is not set';

test('a conversation becomes a ticket, and both stay in step', { skip }, async () => {
  const { page, faults, close } = await open(browser, base, '/demo');
  await signIn(page);
  const context = page.context();
  const card = page.getByRole('region', { name: 'Details' });

  // A conversation, and a ticket from its card.
  await page.getByLabel('Contact', { exact: true }).selectOption(caller.name);
  await page.getByLabel('You are the agent').selectOption(agent);
  await page.getByLabel('New conversation').fill(title);
  await page.getByRole('button', { name: 'Start conversation' }).click();
  await page.getByRole('log').getByText(title).waitFor();
  await accessible(page, 'simulator');
  await card.getByRole('button', { name: 'Create a new ticket' }).click();
  await card.getByLabel('Title *').fill(title);
  await accessible(page, 'form');
  await picture(page, 'demo-form');
  await card.getByRole('button', { name: 'Create', exact: true }).click();
  const made = await card.getByText(/Ticket R-\d+ is created/).textContent();
  const ref = /R-\d+/.exec(made)[0];
  await picture(page, 'demo-created');
  const ticket = await api(context, `/tickets/by-ref/${ref}`);
  assert.equal(ticket.title, title);
  assert.equal(ticket.origin, 'chat');
  const entries = async () => (await api(context, `/tickets/${ticket.id}/entries`)).items;
  const written = text => until(`"${text}" in the log`, async () => (await entries()).find(e => e.html.includes(text)));
  await card.getByRole('button', { name: 'Done' }).click();

  // Reply and note reach the two logs, each its own.
  await say(page, 'Reply', 'Send reply', said.reply);
  await say(page, 'Note', 'Add note', said.note);
  assert.equal((await written(said.reply)).log, 'public');
  assert.equal((await written(said.note)).log, 'private');

  // What is said while paused is not copied, and not brought up later unasked.
  await card.getByRole('button', { name: 'Reload card' }).click();
  await card.getByRole('button', { name: 'Pause sync' }).click();
  await card.getByText('Sync is paused').waitFor();
  await picture(page, 'demo-paused');
  await accessible(page, 'paused');
  await say(page, 'As the customer', 'Send as customer', said.paused);
  await card.getByRole('button', { name: 'Resume sync' }).click();
  await card.getByRole('button', { name: 'Pause sync' }).waitFor();
  await say(page, 'As the customer', 'Send as customer', said.resumed);
  await written(said.resumed);
  assert.ok(!(await entries()).some(e => e.html.includes(said.paused)), 'what was said while paused was copied');

  // Unless it is asked for.
  await card.getByRole('button', { name: 'Pause sync' }).click();
  await card.getByText('Sync is paused').waitFor();
  await say(page, 'Reply', 'Send reply', said.missed);
  await card.getByRole('button', { name: 'Resume and copy what was missed' }).click();
  await written(said.missed);
  for (const text of Object.values(said)) {
    const times = (await entries()).filter(e => e.html.includes(text)).length;
    assert.ok(times <= 1, `"${text}" was copied ${times} times`);
  }

  // The card reaches its other pages.
  await card.getByRole('button', { name: 'Reload card' }).click();
  await card.getByRole('button', { name: /linked ticket/ }).click();
  await card.getByText(ref).first().waitFor();
  await picture(page, 'demo-linked');
  await accessible(page, 'linked');

  // Closing is a webhook too.
  await page.getByRole('button', { name: 'Close', exact: true }).click();
  await page.getByText('conversation.admin.closed').first().waitFor();
  await picture(page, 'demo-end');
  assert.deepEqual(faults, []);
  await close();

  await seenInConsole(ticket);
  await seenInPortal(ref);
});

/** The administrator reads both logs, answers, and finds no failed row. */
async function seenInConsole(ticket) {
  const { page, faults, close } = await open(browser, base, '/app', { expected: ['status of 401'] });
  await page.getByLabel('E-mail').fill(administrator);
  await page.getByLabel(/^Password( \*)?$/).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('searchbox', { name: 'Search' }).fill(ticket.ref);
  await page.getByRole('searchbox', { name: 'Search' }).press('Enter');
  await page.getByRole('link', { name: ticket.ref }).click();
  const log = page.getByRole('log');
  await log.getByText(said.reply).waitFor();
  await log.getByText(said.note).waitFor();
  await picture(page, 'demo-ticket');
  await accessible(page, 'ticket');
  const rooms = [
    ['/app/tickets', ticket.ref],
    ['/app/workspaces', 'Demo support'],
    ['/app/workspaces/demo', 'Addresses for Intercom'],
    ['/app/workspaces/demo/set-up', 'Secrets are shown as stars.'],
    ['/app/workspaces/demo/preview', 'The card keeps every rule of the Canvas Kit.'],
    ['/app/ledger', said.missed],
    ['/app/users', administrator],
    ['/app/api-keys', 'New key'],
    ['/app/audit', 'session'],
  ];
  for (const [path, text] of rooms) {
    await page.goto(base + path);
    await page.getByText(text).first().waitFor();
    await picture(page, `demo${path.replaceAll('/', '-')}`);
    await accessible(page, path);
  }
  await page.goto(`${base}/app/workspaces/demo/test`);
  await page.getByRole('button', { name: 'Test connection' }).click();
  await page.getByText(/^(Everything works\.|The workspace works, with limits\.)$/).waitFor();
  await picture(page, 'demo-app-workspaces-demo-test');
  await page.goto(`${base}/app/ledger?status=failed`);
  await page.getByText('No row fits.').waitFor();
  assert.deepEqual(faults, []);
  await close();
}

/** The caller reads the replies and never the notes. */
async function seenInPortal(ref) {
  const { page, faults, close } = await open(browser, base, '/portal');
  await accessible(page, 'portal sign-in');
  await page.getByLabel('E-mail').fill(caller.email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page
    .getByRole('link', { name: new RegExp(`${ref}|${title}`) })
    .first()
    .waitFor();
  await picture(page, 'demo-portal-list');
  await accessible(page, 'portal list');
  await page
    .getByRole('link', { name: new RegExp(`${ref}|${title}`) })
    .first()
    .click();
  await page.getByText(said.reply).waitFor();
  assert.equal(await page.getByText(said.note).count(), 0, 'the caller sees a note');
  await picture(page, 'demo-portal-ticket');
  await accessible(page, 'portal ticket');
  assert.deepEqual(faults, []);
  await close();
}
