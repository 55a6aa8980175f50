// Launches the browser of the tests: CHROMIUM_PATH, else the one that comes with the packages, else the system's own.
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import chromiumPackage from '@sparticuz/chromium';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'];
const SYSTEM = '/usr/bin/chromium';
const ARTIFACTS = fileURLToPath(new URL('../artifacts/', import.meta.url));

const executable = async (): Promise<string> => {
  const given = process.env['CHROMIUM_PATH'];
  if (given !== undefined && given !== '') return given;
  if (process.platform === 'linux' && process.arch === 'x64') return chromiumPackage.executablePath();
  if (existsSync(SYSTEM)) return SYSTEM;
  throw new Error('No browser for the tests: set CHROMIUM_PATH to a Chromium');
};

/** A headless browser; close it when the tests are done. `more` are further switches of Chromium. */
export const launchBrowser = async (more: readonly string[] = []): Promise<Browser> =>
  chromium.launch({ executablePath: await executable(), headless: true, args: [...ARGS, ...more] });

/** A page of its own context, and what it complained about on its console. */
export const openPage = async (
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<{ readonly page: Page; readonly complaints: readonly string[] }> => {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    locale: 'en-US',
    ...options,
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error.stack)));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  return { page, complaints };
};

/** Keeps a picture under tests/artifacts, for people to look at. */
export const keepPicture = async (page: Page, name: string): Promise<void> => {
  mkdirSync(ARTIFACTS, { recursive: true });
  await page.screenshot({ path: join(ARTIFACTS, `${name}.png`) });
};
