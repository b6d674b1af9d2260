// The browser for the page tests: Chromium as installed on the machine, each
// page watched for what must never happen (errors, requests to elsewhere,
// breaches of the content security policy).
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import axe from 'axe-core';
import { chromium } from 'playwright-core';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const shots = process.env.DESKBRIDGE_SHOTS;

export async function launch() {
  return chromium.launch({
    executablePath,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** Opens a page below base and collects its faults. Console messages that contain one of `expected` are no faults. */
export async function open(browser, base, path, { width = 1360, height = 900, scheme = 'light', expected = [] } = {}) {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: scheme,
    reducedMotion: 'reduce',
    bypassCSP: false,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(Number(process.env.DESKBRIDGE_PATIENCE ?? 15_000));
  const faults = [];
  page.on('pageerror', error => faults.push(`error: ${error.message}`));
  page.on('console', message => {
    const text = message.text();
    const known = expected.some(part => text.includes(part));
    if (message.type() === 'error' && !known) {
      faults.push(`console: ${text}`);
    }
  });
  page.on('request', request => {
    const url = new URL(request.url());
    if (url.origin !== new URL(base).origin && !['data:', 'blob:'].includes(url.protocol)) {
      faults.push(`request to elsewhere: ${url.origin}`);
    }
  });
  await page.goto(new URL(path, base).href);
  return { page, faults, close: () => context.close() };
}

/** Fails when axe finds a barrier, or when the page is wider than its window. */
export async function accessible(page, name) {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => window.axe.run());
  const found = violations.map(v => `${v.id}: ${v.nodes.map(n => `${n.html}\n    ${n.failureSummary}`).join('\n  ')}`);
  assert.equal(found.length, 0, `${name}: axe finds\n  ${found.join('\n  ')}`);
  const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(over <= 0, `${name} is ${over} px wider than its window`);
}

/** Keeps a picture of the page when DESKBRIDGE_SHOTS names a folder. */
export async function picture(page, name) {
  if (shots) {
    await mkdir(shots, { recursive: true });
    await page.screenshot({ path: `${shots}/${name}.png`, fullPage: true });
  }
}
