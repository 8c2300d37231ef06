import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { guestImage } from '../fixtures/guests.ts';
import { launchBrowser } from './support/browser.ts';
import { startShell, type Shell } from './support/shell.ts';
import {
  AT_PROMPT,
  button,
  chooseFromMenu,
  createMachine,
  doAndConfirm,
  litPixels,
  machineNames,
  pressKeys,
  registers,
  removeAllMachines,
  row,
  screenText,
  startFromList,
  typeCommand,
  waitForPicture,
  waitForScreen,
  waitForState,
} from './support/steps.ts';

/** The interface in Chromium on the web shell, with FreeDOS in real machines. */
let shell: Shell;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let complaints: string[];

/** Pages are opened as the person does, with the address that was printed. */
async function openPage(): Promise<Page> {
  const opened = await context.newPage();
  opened.on('pageerror', (error) => complaints.push(error.message));
  opened.on('console', (message) => {
    if (/Content Security Policy|Warning:/.test(message.text())) complaints.push(message.text());
  });
  await opened.goto(shell.url);
  await button(opened, 'New').waitFor();
  return opened;
}

beforeAll(async () => {
  [shell, browser] = await Promise.all([startShell(), launchBrowser()]);
});

afterAll(async () => {
  await browser?.close();
  await shell?.stop();
});

beforeEach(async () => {
  complaints = [];
  context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    locale: 'en-US',
    colorScheme: 'light',
    reducedMotion: 'reduce',
  });
  context.setDefaultTimeout(30_000);
  page = await openPage();
});

afterEach(async () => {
  await removeAllMachines(page);
  await context.close();
  expect(complaints).toEqual([]);
});

const footer = (of: Page) => of.getByRole('contentinfo');
let count = 0;
/** A name of its own, so that tests do not meet each other's machines. */
const newName = (what: string): string => `${what} ${++count}`;

async function bootFreeDos(name: string): Promise<void> {
  await createMachine(page, name, guestImage('freedos.img'));
  await startFromList(page, name);
  await waitForScreen(page, AT_PROMPT);
}

describe('a machine with a FreeDOS floppy', () => {
  test('starts from the list, reaches its prompt on the canvas, and answers what is typed', async () => {
    const name = 'FreeDOS';
    expect(page.url()).not.toContain('token');

    await bootFreeDos(name);
    await waitForPicture(page);
    const before = await litPixels(page);
    await typeCommand(page, 'ver');
    const text = await waitForScreen(page, /FreeCom version/);

    expect(text).toMatch(/A:\\>ver\s+FreeCom version 0\.82/);
    await typeCommand(page, 'dir');
    await waitForScreen(page, /5 file\(s\)[^]*A:\\>\s*$/);
    await page.waitForFunction(() => document.querySelector('canvas')?.width === 720);
    expect(await footer(page).textContent()).toContain('720 × 400');
    await expect.poll(() => litPixels(page)).toBeGreaterThan(before);

    await button(page, 'Machines').click();
    await waitForState(row(page, name), 'running');
    await waitForPicture(page);
  });

  test('does nothing while it is paused, and goes on where it was', async () => {
    const name = newName('Paused');
    await bootFreeDos(name);

    await button(page, 'Pause').click();
    await waitForState(footer(page), 'paused');
    const atPause = await registers(page, name);
    await pressKeys(page, 'ver\n');
    const later = await registers(page, name);
    await button(page, 'Resume').click();
    await waitForState(footer(page), 'running');

    expect(later).toEqual(atPause);
    await waitForScreen(page, /A:\\>ver\s+FreeCom version/);
    expect(await registers(page, name)).not.toEqual(atPause);
  });

  test('begins anew when it is reset', async () => {
    await bootFreeDos(newName('Reset'));
    await typeCommand(page, 'echo before');
    await waitForScreen(page, /before\s+A:\\>\s*$/);

    await doAndConfirm(page, 'Reset');
    await page.waitForFunction(
      () => !document.querySelector('[data-testid=screen-text]')?.textContent?.includes('before'),
    );

    await waitForScreen(page, AT_PROMPT);
    await waitForState(footer(page), 'running');
  });

  test('is powered off after a question, and can be started again and removed', async () => {
    const name = newName('Power');
    await bootFreeDos(name);

    await button(page, 'Power off').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await waitForState(footer(page), 'running');
    await doAndConfirm(page, 'Power off');
    await waitForState(footer(page), 'stopped');
    await page.getByRole('tabpanel').getByRole('button', { name: 'Start' }).click();
    await waitForScreen(page, AT_PROMPT);
    await doAndConfirm(page, 'Power off');
    await waitForState(footer(page), 'stopped');
    await button(page, 'Machines').click();
    await row(page, name).click();
    await chooseFromMenu(page, 'More', 'Remove');
    await row(page, name).waitFor({ state: 'detached' });
    await button(page, 'Undo').click();
    await row(page, name).click();
    await chooseFromMenu(page, 'More', 'Remove');

    await expect
      .poll(async () => (await machineNames(page)).includes(name), {
        timeout: 30_000,
      })
      .toBe(false);
  });

  test('hears every key by its place, and Ctrl+Alt+Del from the toolbar', async () => {
    await bootFreeDos(newName('Keys'));

    await typeCommand(page, 'echo a:\\>b.c');
    await typeCommand(page, 'type b.c');
    const text = await waitForScreen(page, /type b\.c\s+a:\\\s+A:\\>\s*$/i);
    expect(text).toMatch(/echo a:\\>b\.c/);
    await chooseFromMenu(page, 'Keyboard', 'Ctrl+Alt+Del');

    await page.waitForFunction(
      () => !document.querySelector('[data-testid=screen-text]')?.textContent?.includes('echo'),
    );
    await waitForScreen(page, AT_PROMPT);
  });

  test('takes the mouse by a click, and gives it back at the host key', async () => {
    await bootFreeDos(newName('Mouse'));
    const lockedElement = () => page.evaluate(() => document.pointerLockElement?.getAttribute('role') ?? 'none');

    await page.getByTestId('screen').click();
    await page.waitForFunction(() => document.pointerLockElement !== null);
    const whileCaptured = await lockedElement();
    await footer(page).getByText('The machine has keyboard and mouse.').waitFor();
    await page.mouse.move(300, 300);
    await page.mouse.down();
    await page.mouse.up();
    await page.mouse.wheel(0, 200);
    await page.keyboard.press('ControlRight');
    await page.waitForFunction(() => document.pointerLockElement === null);

    expect(whileCaptured).toBe('application');
    await footer(page).getByText('Click the screen to type into the machine.').waitFor();
    await pressKeys(page, 'ver');
    expect(await screenText(page)).toMatch(AT_PROMPT);
  });

  test('talks to the terminal of its serial port, both ways', async () => {
    await bootFreeDos(newName('Serial'));
    const terminal = page.getByTestId('serial-0');

    await typeCommand(page, 'echo out of the port>com1');
    await page.getByRole('tab', { name: 'Serial 1' }).click();
    await terminal.getByText('out of the port').first().waitFor();
    await page.getByRole('tab', { name: 'Screen' }).click();
    await waitForScreen(page, AT_PROMPT);
    await page.getByTestId('screen').focus();
    await typeCommand(page, 'ctty com1');
    await page.getByRole('tab', { name: 'Serial 1' }).click();
    await terminal.getByText('A:\\>').first().waitFor();
    await page.keyboard.type('ver\r');

    await terminal.getByText('FreeCom version').first().waitFor();
  });
});

describe('the interface', () => {
  test('is worked by the keyboard alone', async () => {
    const name = newName('Keyboard');
    await createMachine(page, name, guestImage('freedos.img'));

    await page.getByRole('tree').focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('Enter');
    await waitForScreen(page, AT_PROMPT);
    await page.keyboard.press('ControlRight');
    await page.getByRole('toolbar').getByRole('button').first().focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');

    await waitForState(footer(page), 'paused');
  });

  test('says that what it shows may be old when Terrarium is gone', async () => {
    const own = await startShell();
    await page.goto(own.url);
    await page.getByText('Plant your first machine').waitFor();

    await own.stop();

    await page.getByText('The connection to Terrarium is lost.').waitFor();
    await page.goto(shell.url);
  });
});

describe('the library', () => {
  test('shows what another window does, without being asked', async () => {
    const name = newName('Shared');
    const other = await openPage();

    await createMachine(page, name, guestImage('freedos.img'));
    await other.bringToFront();
    await waitForState(row(other, name), 'stopped');
    await page.bringToFront();
    await startFromList(page, name);

    await other.bringToFront();
    await waitForState(row(other, name), 'running');
    await row(other, name).click();
    await doAndConfirm(other, 'Power off');
    await page.bringToFront();
    await waitForState(footer(page), 'stopped');
  });

  test('says in words why a machine cannot be made, and keeps the form', async () => {
    await button(page, 'New').click();
    const dialog = page.getByRole('dialog', { name: 'New machine' });
    await dialog.getByRole('switch', { name: 'Expert mode' }).check({ force: true });

    await dialog.getByRole('textbox', { name: 'Name' }).fill(' ');
    await dialog.getByRole('button', { name: 'Create' }).click();
    await dialog.getByText('A name has 1 to 64 characters.').waitFor();
    await dialog.getByRole('textbox', { name: 'Name' }).fill('No floppy');
    await dialog.getByRole('radiogroup', { name: 'What it begins with' }).getByText('Path').click();
    await dialog.getByLabel('Path of the image').fill('/nowhere/dos.img');
    await dialog.getByRole('button', { name: 'Create' }).click();

    const alert = dialog.getByRole('alert');
    expect(await alert.textContent()).toMatch(/There is no such file.*\/nowhere\/dos\.img.*Code: file\.missing/);
    expect(await dialog.getByRole('textbox', { name: 'Name' }).inputValue()).toBe('No floppy');
  });

  test('reports a machine whose process was killed, and its neighbour goes on', async () => {
    const [victim, neighbour] = [newName('Victim'), newName('Neighbour')];
    const before = shell.machinePids();
    await bootFreeDos(victim);
    const [victimPid] = shell.machinePids().filter((pid) => !before.includes(pid));
    await button(page, 'Machines').click();
    await bootFreeDos(neighbour);

    process.kill(victimPid, 'SIGKILL');
    await button(page, 'Machines').click();
    await waitForState(row(page, victim), 'aborted');
    await row(page, victim).click();

    const alert = page.getByRole('main').getByRole('alert');
    expect(await alert.textContent()).toMatch(/process was ended.*SIGKILL.*Code: machine\.killed/);
    await waitForState(row(page, neighbour), 'running');
    await row(page, neighbour).dblclick();
    await waitForScreen(page, AT_PROMPT);
    await page.getByTestId('screen').focus();
    await typeCommand(page, 'ver');
    await waitForScreen(page, /FreeCom version/);
  });
});
