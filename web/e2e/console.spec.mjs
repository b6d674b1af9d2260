// The console against a server that answers from memory.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accessible, launch, open, picture } from './browser.mjs';
import { serve } from './mock.mjs';

// Being asked who is signed in is answered 401 before anybody is.
const signedOut = 'status of 401';

let browser;
let mock;

before(async () => {
  [browser, mock] = await Promise.all([launch(), serve()]);
});
after(async () => {
  await browser?.close();
  await mock?.close();
});

async function enter(path, options = {}) {
  const view = await open(browser, mock.url, `/app${path}`, {
    ...options,
    expected: [signedOut, ...(options.expected ?? [])],
  });
  await view.page.getByLabel('E-mail').fill('ada@example.com');
  await view.page.getByLabel(/^Password( \*)?$/).fill('correct horse');
  await view.page.getByRole('button', { name: 'Sign in' }).click();
  await view.page.getByRole('button', { name: 'Sign out' }).waitFor();
  return view;
}

test('signing in and out', async () => {
  const { page, faults, close } = await open(browser, mock.url, '/app/users?x=1', { expected: [signedOut] });
  await page.getByLabel('E-mail').fill('ada@example.com');
  await page.getByLabel(/^Password( \*)?$/).fill('wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('The e-mail address or the password is wrong.').waitFor();
  await picture(page, 'sign-in');
  await accessible(page, 'sign-in');
  await page.getByLabel(/^Password( \*)?$/).fill('correct horse');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Users' }).waitFor();
  assert.equal(new URL(page.url()).pathname, '/app/users');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('button', { name: 'Sign in' }).waitFor();
  assert.deepEqual(faults, []);
  await close();
});

test('a session that ends leads back to the door', async () => {
  const { page, faults, close } = await enter('/users');
  await page.getByText('Grace Hopper').waitFor();
  await page.context().clearCookies();
  await page.getByRole('link', { name: 'API keys' }).click();
  await page.getByRole('button', { name: 'Sign in' }).waitFor();
  assert.deepEqual(faults, []);
  await close();
});

test('the first administrator is made from the one-time link', async () => {
  const { page, faults, close } = await open(browser, mock.url, '/app/setup#token=once', {
    expected: [signedOut, 'status of 422'],
  });
  await page.getByRole('heading', { name: 'Set up Deskbridge' }).waitFor();
  assert.equal(new URL(page.url()).hash, '', 'the token stays in the address');
  await page.getByLabel('Name').fill('Ada Lovelace');
  await page.getByLabel('E-mail').fill('ada@example.com');
  await page.getByLabel(/^Password( \*)?$/).fill('short');
  await page.getByLabel('Password again').fill('other');
  await page.getByRole('button', { name: 'Make administrator' }).click();
  await page.getByText('Enter the same password twice.').waitFor();
  await page.getByLabel('Password again').fill('short');
  await page.getByRole('button', { name: 'Make administrator' }).click();
  await page.getByText('must have at least 10 characters').waitFor();
  await picture(page, 'setup');
  await accessible(page, 'setup');
  await page.getByLabel(/^Password( \*)?$/).fill('correct horse');
  await page.getByLabel('Password again').fill('correct horse');
  await page.getByRole('button', { name: 'Make administrator' }).click();
  await page.getByRole('heading', { name: 'Workspaces' }).waitFor();
  assert.deepEqual(faults, []);
  await close();
});

for (const [suffix, options] of [
  ['', {}],
  ['-dark', { scheme: 'dark' }],
  ['-phone', { width: 320, height: 640 }],
]) {
  test(`every room is drawn whole and without barriers${suffix}`, async () => {
    const { page, faults, close } = await enter('/workspaces', options);
    const rooms = [
      ['workspaces', 'In step'],
      ['workspaces/main', 'Addresses for Intercom'],
      ['workspaces/main/set-up', 'Secrets are shown as stars.'],
      ['workspaces/main/test', 'Nothing is changed.'],
      ['workspaces/main/preview', 'Drawn from the saved set-up'],
      ['new-workspace', 'Enter the id of your Intercom workspace'],
      ['workspaces/none', 'There is no such workspace.'],
      ['ledger', 'Toner again.'],
      ['users', 'Grace Hopper'],
      ['api-keys', 'Old import'],
      ['audit', 'user.updated'],
      ['tickets', 'R-000001'],
      ['tickets/1', 'Probably the toner again.'],
      ['nowhere', 'There is no such page'],
    ];
    for (const [path, text] of rooms) {
      await page.goto(`${mock.url}/app/${path}`);
      await page.getByText(text).first().waitFor();
      const name = path.replaceAll('/', '-') + suffix;
      await picture(page, name);
      await accessible(page, name);
    }
    assert.deepEqual(
      faults.filter(f => !f.includes('status of 404')),
      [],
    );
    await close();
  });
}

test('a set-up is checked and saved', async () => {
  const { page, faults, close } = await enter('/workspaces/main/set-up', { expected: ['status of 422'] });
  const editor = page.getByRole('textbox', { name: 'Set-up' });
  const text = await editor.inputValue();
  await editor.fill(text.replace('region: eu', 'region: mars'));
  await page.getByRole('button', { name: 'Check' }).click();
  await page.getByText('must be us, eu or au').waitFor();
  await picture(page, 'set-up-mistakes');
  await accessible(page, 'set-up-mistakes');
  await page.getByRole('button', { name: 'Line 5' }).click();
  const selected = await editor.evaluate(e => e.value.slice(e.selectionStart, e.selectionEnd));
  assert.equal(selected, '  region: mars');
  await editor.fill(text.replace('region: eu', 'region: us'));
  await page.getByRole('button', { name: 'Check' }).click();
  await page.getByText('The set-up can be saved.').waitFor();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('The set-up is in use from now on.').waitFor();
  assert.deepEqual(faults, []);
  await close();
});

test('a workspace is made', async () => {
  const { page, faults, close } = await enter('/workspaces');
  await page.getByRole('link', { name: 'New workspace' }).click();
  const editor = page.getByRole('textbox', { name: 'Set-up' });
  await editor.fill(
    (await editor.inputValue())
      .replace('workspace: support', 'workspace: branch')
      .replace('name: Support', 'name: Branch'),
  );
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('heading', { name: 'Branch' }).waitFor();
  assert.equal(new URL(page.url()).pathname, '/app/workspaces/branch');
  assert.deepEqual(faults, []);
  await close();
});

test('connections are tested and cards looked at', async () => {
  const { page, faults, close } = await enter('/workspaces/main/test');
  await page.getByRole('button', { name: 'Test connection' }).click();
  await page.getByText('The workspace cannot work yet.').waitFor();
  await picture(page, 'test-findings');
  await accessible(page, 'test-findings');
  await page.getByRole('tab', { name: 'Card preview' }).click();
  await page.getByText('a first card may have at most 400 px').waitFor();
  await picture(page, 'preview-tall');
  await page.getByRole('tab', { name: 'Ongoing tickets' }).click();
  await page.getByText('must have 2 to 10 options, not 11').waitFor();
  await picture(page, 'preview-broken');
  await accessible(page, 'preview-broken');
  assert.deepEqual(faults, []);
  await close();
});

test('failed rows of the ledger are tried again', async () => {
  const { page, faults, close } = await enter('/ledger');
  await page.getByLabel('Status').selectOption('failed');
  await page.getByText('may not write the public log').waitFor();
  assert.match(page.url(), /status=failed/);
  await page.getByRole('button', { name: 'Retry row 3' }).click();
  await page.getByText('No row fits.').waitFor();
  await page.getByRole('button', { name: 'Retry all failed' }).click();
  await page.getByText('0 rows are tried again.').waitFor();
  await accessible(page, 'ledger-empty');
  assert.deepEqual(faults, []);
  await close();
});

test('users are made and changed', async () => {
  const { page, faults, close } = await enter('/users', { expected: ['status of 422'] });
  await page.getByRole('button', { name: 'New user' }).click();
  const dialog = page.getByRole('dialog', { name: 'New user' });
  await dialog.getByLabel('Name').fill('Alan Turing');
  await dialog.getByLabel('E-mail').fill('grace@example.com');
  await dialog.getByRole('button', { name: 'Make user' }).click();
  await dialog.getByText('is taken by another user').waitFor();
  await picture(page, 'new-user');
  await accessible(page, 'new-user');
  await dialog.getByLabel('E-mail').fill('alan@example.com');
  await dialog.getByRole('button', { name: 'Make user' }).click();
  await dialog.waitFor({ state: 'hidden' });
  await page.getByRole('button', { name: 'Change Alan Turing' }).click();
  await page.getByRole('switch', { name: 'Disabled' }).check();
  await page.getByRole('button', { name: 'Save' }).click();
  await page
    .getByRole('row', { name: /Alan Turing/ })
    .getByText('Disabled')
    .waitFor();
  assert.deepEqual(faults, []);
  await close();
});

test('a key is shown once, and revoked', async () => {
  const { page, faults, close } = await enter('/api-keys');
  await page.getByRole('button', { name: 'New key' }).click();
  await page.getByLabel('What it is for').fill('Dashboard');
  await page.getByRole('button', { name: 'Make key' }).click();
  await page.getByText('dbk_77aa0123456789abcdef0123456789abcdef').waitFor();
  await picture(page, 'key-shown');
  await accessible(page, 'key-shown');
  await page.getByRole('button', { name: 'Hide the key' }).click();
  await page.getByText('dbk_77aa0123456789abcdef0123456789abcdef').waitFor({ state: 'hidden' });
  await page.getByRole('button', { name: 'Revoke Dashboard' }).click();
  await accessible(page, 'revoke');
  await page.getByRole('button', { name: 'Revoke key' }).click();
  await page
    .getByRole('row', { name: /Dashboard/ })
    .getByText('Revoked')
    .waitFor();
  assert.deepEqual(faults, []);
  await close();
});

test('the audit log goes on, and shows values', async () => {
  const { page, faults, close } = await enter('/audit');
  await page.getByRole('button', { name: 'Show more' }).click();
  await page.getByText('user.created').waitFor();
  await page.getByText('Show', { exact: true }).first().click();
  await page.getByText('"role": "supporter"').waitFor();
  await picture(page, 'audit-values');
  await accessible(page, 'audit-values');
  assert.deepEqual(faults, []);
  await close();
});

test('tickets are found, answered and moved on', async () => {
  const { page, faults, close } = await enter('/tickets', { expected: ['status of 422'] });
  await page.getByRole('button', { name: 'Page 3' }).click();
  await page.getByText('41 to 45 of 45').waitFor();
  await page.getByRole('searchbox', { name: 'Search' }).fill('second floor');
  await page.getByRole('searchbox', { name: 'Search' }).press('Enter');
  await page.getByText('1 to 1 of 1').waitFor();
  await page.getByRole('link', { name: 'R-000001' }).click();
  await page.getByRole('textbox', { name: 'Reply' }).fill('We <come> at noon.\nAnd bring toner.');
  await page.getByRole('button', { name: 'Send reply' }).click();
  await page.getByRole('log').getByText('We <come> at noon.').waitFor();
  await page.locator('form').getByText('Note', { exact: true }).click();
  await page.getByRole('textbox', { name: 'Note' }).fill('Order more toner.');
  await page.getByRole('textbox', { name: 'Note' }).press('Control+Enter');
  await page.getByRole('log').getByText('Order more toner.').waitFor();
  await page
    .getByLabel('File to attach')
    .setInputFiles({ name: 'log.txt', mimeType: 'text/plain', buffer: Buffer.from('hello') });
  await page.getByRole('link', { name: 'log.txt' }).waitFor();
  await page.getByRole('button', { name: 'Re-assign' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Team').selectOption('Network');
  await dialog.getByLabel('Agent').selectOption('Barbara Liskov');
  await accessible(page, 'assign');
  await picture(page, 'assign');
  await dialog.getByRole('button', { name: 'Re-assign' }).click();
  await dialog.waitFor({ state: 'hidden' });
  await page.getByRole('button', { name: 'Resolve' }).click();
  await dialog.getByLabel('Solution').fill('?');
  await dialog.getByRole('button', { name: 'Resolve' }).click();
  await dialog.getByText('Say what was done.').waitFor();
  await dialog.getByLabel('Solution').fill('New toner.');
  await dialog.getByRole('button', { name: 'Resolve' }).click();
  await page.getByRole('button', { name: 'Re-open' }).waitFor();
  await picture(page, 'ticket-resolved');
  await accessible(page, 'ticket-resolved');
  assert.deepEqual(faults, []);
  await close();
});
