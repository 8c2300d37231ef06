import fs from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CallName, CallParams, CallResult } from '../../core/contract/index.ts';
import { guestImage } from '../fixtures/guests.ts';
import { screenshotPath } from '../fixtures/screenshots.ts';
import { launchBrowser } from './support/browser.ts';
import { startShell, type Shell } from './support/shell.ts';
import { button, call, row, waitForPicture, waitForScreen } from './support/steps.ts';
import { wordsOf, type Language, type Words } from './support/words.ts';

/**
 * Every screen, in both themes, in both languages, in a small window: nothing that axe finds fault with, nothing that
 * leaves the window. `npm run screenshots` keeps what is seen.
 */
const axeSource = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let shell: Shell;
let browser: Browser;

interface Look {
  readonly language: Language;
  readonly colorScheme: 'light' | 'dark';
  readonly viewport: { readonly width: number; readonly height: number };
  readonly pictures: boolean;
}

const LOOKS: readonly Look[] = [
  { language: 'en', colorScheme: 'light', viewport: { width: 1280, height: 800 }, pictures: true },
  { language: 'en', colorScheme: 'dark', viewport: { width: 1280, height: 800 }, pictures: true },
  { language: 'ko', colorScheme: 'dark', viewport: { width: 1024, height: 640 }, pictures: false },
];

async function openPage({ language, colorScheme, viewport }: Look): Promise<Page> {
  const context = await browser.newContext({
    locale: language === 'ko' ? 'ko-KR' : 'en-US',
    reducedMotion: 'reduce',
    colorScheme,
    viewport,
  });
  context.setDefaultTimeout(30_000);
  const page = await context.newPage();
  await page.goto(shell.url);
  return page;
}

async function must<N extends CallName>(page: Page, name: N, params: CallParams<N>): Promise<CallResult<N>> {
  const answer = await call(page, name, params);
  if (!answer.ok) throw new Error(`${name}: ${answer.error.message}`);
  return answer.value;
}

/** A library that has been lived in: groups, media, a machine that runs and two of its snapshots. */
async function furnish(page: Page): Promise<void> {
  const floppy = await must(page, 'media.import', {
    path: guestImage('freedos.img'),
    name: 'FreeDOS 1.4',
    kind: 'floppy',
  });
  await must(page, 'media.import', { path: guestImage('mikeos.img'), name: 'MikeOS', kind: 'floppy' });
  const disk = await must(page, 'media.create', { name: 'Windows 98', sizeBytes: 2 ** 31 });
  const { config } = await must(page, 'machines.create', {
    name: 'FreeDOS',
    group: 'Retro',
    template: 'dos',
    memoryMiB: 32,
    note: 'Games and the old accounts. Boots from its floppy.',
    floppies: [{ path: `medium:${floppy.id}`, writable: true }],
  });
  await must(page, 'machines.create', {
    name: 'Windows 98',
    group: 'Retro/Windows',
    template: 'windows9x',
    memoryMiB: 256,
    disks: [{ path: `medium:${disk.id}`, writable: true }],
  });
  await must(page, 'machines.create', { name: 'KolibriOS', template: 'kolibrios', memoryMiB: 128 });
  await must(page, 'machines.create', { name: 'Debian', group: 'Work', template: 'debian', memoryMiB: 512 });
  await must(page, 'machines.start', { id: config.id });
  await must(page, 'machines.wait', { id: config.id, until: 'A:.>', timeoutMs: 60_000 });
  await must(page, 'machines.type', { id: config.id, text: 'dir\n' });
  await must(page, 'machines.wait', { id: config.id, until: 'bytes free', timeoutMs: 60_000 });
  await must(page, 'snapshots.take', { machine: config.id, name: 'Fresh', note: 'Nothing installed yet.' });
  await must(page, 'machines.type', { id: config.id, text: 'ver\n' });
  await must(page, 'machines.wait', { id: config.id, until: 'FreeCom', timeoutMs: 60_000 });
  await must(page, 'snapshots.take', { machine: config.id, name: 'With games' });
}

/** What is wrong with the page as it is: axe's findings, and what stands outside of the window. */
async function faults(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  const found = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(options: object): Promise<AxeResults> } };
    const { violations } = await axe.run({ resultTypes: ['violations'] });
    return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)}`));
  });
  const outside = await page.evaluate(() =>
    [...document.querySelectorAll('body *')]
      .filter(
        (element) =>
          element.checkVisibility({ visibilityProperty: true }) && !element.closest('.xterm, .visually-hidden'),
      )
      .filter((element) => {
        const { right, width, height } = element.getBoundingClientRect();
        return width > 0 && height > 0 && right > innerWidth + 1;
      })
      .map((element) => `outside: ${element.outerHTML.slice(0, 160)}`),
  );
  return [...found, ...outside];
}

/** Goes to every screen in turn, and tells its name when it is whole. */
async function visitAll(page: Page, t: Words, seen: (screen: string) => Promise<void>): Promise<void> {
  const link = (name: string) => page.getByRole('link', { name: t(`frame.${name}`) });
  const dialogClosed = async (): Promise<void> => {
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  };
  /** A picture shows plots that have something to plot. */
  const plotted = async (): Promise<void> => {
    if (process.env['TERRARIUM_SCREENSHOTS']) await page.waitForTimeout(20_000);
  };
  await row(page, 'FreeDOS').click();
  await waitForPicture(page);
  await seen('machines');
  await page.getByRole('tab', { name: t('details.tab.snapshots') }).click();
  await page.getByRole('treeitem').filter({ hasText: 'With games' }).click();
  await page.locator('aside img').waitFor();
  await seen('snapshots');
  await button(page, t('snapshots.compare')).click();
  await page
    .getByRole('dialog')
    .getByRole('row', { name: t('compare.total') })
    .waitFor();
  await seen('compare');
  await dialogClosed();
  await page.getByRole('tab', { name: t('details.tab.activity') }).click();
  await page.getByRole('figure').nth(3).waitFor();
  await plotted();
  await seen('machine-activity');
  await page.getByRole('tab', { name: t('details.tab.snapshots') }).click();
  await button(page, t('action.new')).click();
  await page.getByRole('radio', { name: t('template.windowsxp') }).click();
  await seen('new-machine');
  await dialogClosed();
  await button(page, t('action.settings')).click();
  await page
    .getByRole('dialog')
    .getByRole('button', { name: t('settings.page.storage') })
    .click();
  await page.getByText(t('settings.controller.ide')).waitFor();
  await seen('settings');
  await page
    .getByRole('dialog')
    .getByRole('button', { name: t('settings.page.system') })
    .click();
  await page.getByText(t('settings.lockedLive')).waitFor();
  await seen('settings-system');
  await dialogClosed();
  await link('media').click();
  await page.getByRole('table').getByText('MikeOS').waitFor();
  // Until the figures are there it stands over their placeholders, disabled.
  await button(page, t('media.usage.collect')).and(page.locator(':enabled')).waitFor();
  await seen('media');
  await link('activity').click();
  await page.getByRole('figure').nth(4).waitFor();
  await page.waitForFunction(() => document.querySelector('figure')?.getAttribute('aria-label')?.match(/[1-9]/));
  await plotted();
  await seen('activity');
  await link('logs').click();
  await page.getByRole('log').getByText('FreeDOS').first().waitFor();
  await seen('logs');
  await link('preferences').click();
  await page.getByText(shell.libraryFolder).waitFor();
  await seen('preferences');
  await link('machines').click();
  await row(page, 'FreeDOS').dblclick();
  await waitForScreen(page, /FreeCom/);
  await waitForPicture(page);
  await seen('machine-window');
  await page.getByRole('tab', { name: t('window.serial', { number: 1 }) }).click();
  await page.getByTestId('serial-0').locator('.xterm-screen').waitFor();
  const { machines } = await must(page, 'machines.list', {});
  const id = machines.find(({ config }) => config.name === 'FreeDOS')?.config.id ?? '';
  await must(page, 'machines.type', { id, text: 'ver >com1\n' });
  await page.getByTestId('serial-0').getByText('FreeCom version').first().waitFor();
  await seen('serial');
  await button(page, t('window.close')).click();
  await page.getByRole('dialog').waitFor();
  await seen('close');
  await dialogClosed();
}

beforeAll(async () => {
  [shell, browser] = await Promise.all([startShell(), launchBrowser()]);
});

afterAll(async () => {
  await browser?.close();
  await shell?.stop();
});

test.each(LOOKS)('an empty library, $language, $colorScheme', async (look) => {
  const page = await openPage(look);
  await page.getByText(wordsOf(look.language)('machines.empty.title')).waitFor();

  expect(await faults(page)).toEqual([]);
  if (look.pictures) await page.screenshot({ path: screenshotPath(`first-${look.colorScheme}`) });
  await page.context().close();
});

describe('every screen of a library that has been lived in', () => {
  beforeAll(async () => {
    const page = await openPage(LOOKS[0]);
    await furnish(page);
    await page.context().close();
  });

  test.each(LOOKS)(
    'has nothing that axe finds fault with, nor outside of the window, $language, $colorScheme',
    async (look) => {
      const found: string[] = [];
      const page = await openPage(look);
      await visitAll(page, wordsOf(look.language), async (screen) => {
        found.push(...(await faults(page)).map((fault) => `${screen}: ${fault}`));
        if (!look.pictures) await page.screenshot({ path: `test-results/screenshots/${screen}-${look.language}.png` });
        else await page.screenshot({ path: screenshotPath(`${screen}-${look.colorScheme}`) });
      });
      await page.context().close();

      expect(found).toEqual([]);
    },
  );
});
