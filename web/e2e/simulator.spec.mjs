// The inbox simulator against a server that answers from memory.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accessible, launch, open, picture } from './browser.mjs';
import { serve } from './mock.mjs';

// What the browser says of the attack that the first conversation holds.
const attack = 'Executing inline event handler violates';

let browser;
let mock;

before(async () => {
  [browser, mock] = await Promise.all([launch(), serve()]);
});
after(async () => {
  await browser?.close();
  await mock?.close();
});

for (const [name, options] of [
  ['simulator', {}],
  ['simulator-dark', { scheme: 'dark' }],
  ['simulator-tablet', { width: 900 }],
  ['simulator-phone', { width: 320, height: 640 }],
]) {
  test(`${name} is drawn whole and without barriers`, async () => {
    const { page, faults, close } = await open(browser, mock.url, '/demo', { expected: [attack], ...options });
    await page.getByRole('button', { name: 'Create ticket' }).waitFor();
    await page.getByText('Probably the toner again.').waitFor();
    await picture(page, name);
    await accessible(page, name);
    assert.equal(await page.evaluate(() => window.hacked), undefined, 'a script in a message ran');
    assert.deepEqual(faults, []);
    await close();
  });
}

test('a card is used, and its failures are told', async () => {
  const { page, faults, close } = await open(browser, mock.url, '/demo', { expected: [attack] });
  const details = page.getByRole('region', { name: 'Details' });
  await details.getByRole('button', { name: 'Create ticket' }).click();
  await details.getByLabel('Title *').waitFor();
  await picture(page, 'card-form');
  await details.getByRole('button', { name: 'Create', exact: true }).click();
  await details.getByText('The title is missing.').waitFor();
  await picture(page, 'card-form-errors');
  await details.getByLabel('Title *').fill('No paper');
  await details.getByRole('radio', { name: 'A person' }).check({ force: true });
  const sent = page.waitForRequest('**/demo/api/canvas');
  await details.getByRole('button', { name: 'Create', exact: true }).click();
  const body = (await sent).postDataJSON();
  assert.equal(body.component_id, 'save');
  assert.deepEqual(body.input_values, {
    title: 'No paper',
    description: '',
    urgency: 'low',
    impact: '2',
    copy: ['yes'],
  });
  await details.getByText('Printer on the second floor').waitFor();
  await picture(page, 'card-view');
  await accessible(page, 'card-view');

  await details.getByRole('button', { name: 'Back' }).click();
  await details.getByRole('button', { name: 'Search' }).click();
  await details.getByRole('textbox', { name: 'Search tickets' }).waitFor();
  await picture(page, 'card-search');
  await accessible(page, 'card-search');
  await details.getByRole('textbox', { name: 'Search tickets' }).press('Enter');
  await details.getByText('Printer on the second floor').waitFor();
  await details.getByRole('button', { name: 'Back' }).click();
  await details.getByRole('button', { name: 'Show a broken card' }).click();
  await details.getByText('must have 2 to 10 options, not 11').waitFor();
  await picture(page, 'card-broken');
  await accessible(page, 'card-broken');
  await details.getByRole('button', { name: 'Reload card' }).click();
  await details.getByRole('button', { name: 'Fail' }).click();
  await details.getByText('no answer within 2 s').waitFor();
  await picture(page, 'card-failed');
  await accessible(page, 'card-failed');
  assert.deepEqual(faults, []);
  await close();
});

test('an agent and a customer talk', async () => {
  const { page, faults, close } = await open(browser, mock.url, '/demo', { expected: [attack] });
  const log = page.getByRole('log');
  await page.getByRole('textbox', { name: 'Reply' }).fill('Is it plugged in?');
  await page.getByRole('button', { name: 'Send reply' }).click();
  await log.getByText('Is it plugged in?').waitFor();
  await page.getByText('Note', { exact: true }).last().click();
  await page.getByRole('textbox', { name: 'Note' }).fill('Ask facilities.');
  await picture(page, 'composer-note');
  await page.getByRole('textbox', { name: 'Note' }).press('Control+Enter');
  await log.getByRole('article', { name: 'Note by Fox Mulder' }).getByText('Ask facilities.').waitFor();
  await page.getByText('As the customer', { exact: true }).click();
  await page.getByRole('textbox', { name: 'As the customer' }).fill('Yes, it is.');
  await page.getByRole('button', { name: 'Send as customer' }).click();
  await log.getByText('Yes, it is.').waitFor();
  await page.getByRole('button', { name: 'Close', exact: true }).click();
  await page.getByRole('button', { name: 'Reopen' }).waitFor();
  await page.getByText('conversation.admin.close').first().waitFor();
  await page.getByRole('button', { name: 'Redact what Dana Scully said' }).first().click();
  await page.getByText('conversation_part.redacted').waitFor();
  assert.deepEqual(faults, []);
  await close();
});

test('a contact is added, and starts a conversation', async () => {
  const { page, faults, close } = await open(browser, mock.url, '/demo', { expected: ['status of 422', attack] });
  await page.getByRole('button', { name: 'New contact' }).click();
  const dialog = page.getByRole('dialog', { name: 'New contact' });
  await dialog.getByLabel('Name').fill('Walter Skinner');
  await dialog.getByLabel('E-mail').fill('walter@localhost');
  await dialog.getByRole('button', { name: 'Add contact' }).click();
  await dialog.getByText('Enter a full address.').waitFor();
  await picture(page, 'new-contact');
  await accessible(page, 'new-contact');
  await dialog.getByLabel('E-mail').fill('walter@example.org');
  await dialog.getByRole('button', { name: 'Add contact' }).click();
  await dialog.waitFor({ state: 'hidden' });
  await page.getByText('This contact has no conversation yet.').waitFor();
  await accessible(page, 'empty contact');
  await page.getByLabel('New conversation').fill('My door is locked.');
  await page.getByRole('button', { name: 'Start conversation' }).click();
  await page.getByRole('log').getByText('My door is locked.').waitFor();
  assert.deepEqual(faults, []);
  await close();
});
