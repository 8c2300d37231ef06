import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { mediumPath } from '../../core/contract/index.ts';
import { askMachine } from '../../main/vm-host/socket.ts';
import { guestImage } from '../fixtures/guests.ts';
import { launchBrowser } from './support/browser.ts';
import { startShell, type Shell } from './support/shell.ts';
import {
  AT_PROMPT,
  button,
  call,
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

async function openContext(): Promise<void> {
  complaints = [];
  context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    locale: 'en-US',
    colorScheme: 'light',
    reducedMotion: 'reduce',
  });
  context.setDefaultTimeout(60_000);
  page = await openPage();
}

async function closeContext(): Promise<void> {
  await removeAllMachines(page);
  await context.close();
  expect(complaints).toEqual([]);
}

beforeAll(async () => {
  [shell, browser] = await Promise.all([startShell(), launchBrowser()]);
});

afterAll(async () => {
  await browser?.close();
  await shell?.stop();
});

const footer = (of: Page) => of.getByRole('contentinfo');
const dialogButton = (name: string) => page.getByRole('dialog').getByRole('button', { name, exact: true });
const dialogClosed = () => page.getByRole('dialog').waitFor({ state: 'detached' });

/** One machine, whose life goes on from test to test: each boot takes seconds. */
describe('a machine with a FreeDOS floppy', () => {
  const name = 'FreeDOS';
  beforeAll(openContext);
  afterAll(closeContext);

  test('starts from the list, reaches its prompt on the canvas, and answers what is typed', async () => {
    expect(page.url()).not.toContain('token');

    const draft = { path: guestImage('freedos.img'), name, kind: 'floppy' as const };
    const floppy = await call(page, 'media.import', draft);
    await createMachine(page, name, floppy.ok ? mediumPath(floppy.value.id) : '', true);
    await startFromList(page, name);
    await waitForScreen(page, AT_PROMPT);
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
    await row(page, name).dblclick();
    await waitForScreen(page, AT_PROMPT);
  });

  test('does nothing while it is paused, and goes on where it was', async () => {
    await button(page, 'Pause').click();
    await waitForState(footer(page), 'paused');
    const atPause = await registers(page, name);
    await page.getByTestId('screen').focus();
    await pressKeys(page, 'mem\n');
    const later = await registers(page, name);
    await button(page, 'Resume').click();
    await waitForState(footer(page), 'running');

    expect(later).toEqual(atPause);
    await waitForScreen(page, /A:\\>mem\s[^]*A:\\>\s*$/);
    expect(await registers(page, name)).not.toEqual(atPause);
  });

  test('types what is pasted, and what is clicked on the keyboard on the screen', async () => {
    await chooseFromMenu(page, 'Keyboard', 'Paste as typing…');
    await page.getByRole('dialog').getByLabel('Text').fill('cls\necho "Pasted" {1/2}\n');
    await dialogButton('Type it').click();
    await waitForScreen(page, /A:\\>echo "Pasted" \{1\/2\}\s+"Pasted" \{1\/2\}\s+A:\\>\s*$/);

    await button(page, 'Keyboard').click();
    await page.getByRole('menuitemcheckbox', { name: 'On-screen keyboard' }).click();
    const keys = page.getByRole('group', { name: 'On-screen keyboard' });
    for (const code of ['KeyV', 'KeyE', 'KeyR', 'ShiftLeft', 'Period', 'KeyX', 'Enter'])
      await keys.getByRole('button', { name: code, exact: true }).click();
    await waitForScreen(page, /A:\\>ver>x\s+A:\\>\s*$/);
    await button(page, 'Keyboard').click();
    await page.getByRole('menuitemcheckbox', { name: 'On-screen keyboard' }).click();
    await keys.waitFor({ state: 'detached' });
  });

  test('fills the whole screen, and gives it back at the host key and F', async () => {
    await chooseFromMenu(page, 'View', 'Full screen');
    await page.waitForFunction(() => document.fullscreenElement?.querySelector('canvas') instanceof HTMLCanvasElement);
    await button(page, 'View').waitFor({ state: 'hidden' });
    const { width, height } = (await page.getByTestId('screen').boundingBox()) ?? { width: 0, height: 0 };
    expect([width, height]).toEqual(await page.evaluate(() => [innerWidth, innerHeight]));
    // What the host key asks for is seen there as well.
    await page.getByTestId('screen').focus();
    await page.keyboard.down('ControlRight');
    await page.keyboard.press('KeyV');
    await page.keyboard.up('ControlRight');
    await page.getByRole('dialog', { name: 'Paste as typing' }).waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    await dialogClosed();
    await page.getByTestId('screen').focus();
    await page.keyboard.down('ControlRight');
    await page.keyboard.press('KeyF');
    await page.keyboard.up('ControlRight');

    await page.waitForFunction(() => document.fullscreenElement === null);
  });

  test('hears every key by its place, and Ctrl+Alt+Del from the toolbar', async () => {
    await page.getByTestId('screen').focus();
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
    await footer(page).getByText('Click the screen, or go to it with Tab, to type into the machine.').waitFor();
    await pressKeys(page, 'ver');
    expect(await screenText(page)).toMatch(AT_PROMPT);
    // The keyboard is the toolbar's now, and Tab leads back to the screen.
    expect(await page.getByRole('toolbar').locator(':focus').count()).toBe(1);
    for (let stop = 0; stop < 3; stop++) await page.keyboard.press('Tab');
    await footer(page).getByText('The machine has the keyboard.').waitFor();
  });

  test('talks to the terminal of its serial port, both ways', async () => {
    const terminal = page.getByTestId('serial-0');

    await page.getByTestId('screen').focus();
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
    // What is found is selected, and can be copied.
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: new URL(shell.url).origin });
    await page.keyboard.press('Control+Shift+KeyF');
    await page.keyboard.type('freecom');
    await page.keyboard.press('Enter');
    await button(page, 'Copy').click();
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe('FreeCom');
    await page.getByRole('tab', { name: 'Screen' }).click();
  });

  test('begins anew when it is reset', async () => {
    await waitForScreen(page, /ctty com1/);

    await doAndConfirm(page, 'Reset');
    await page.waitForFunction(
      () => !document.querySelector('[data-testid=screen-text]')?.textContent?.includes('ctty'),
    );

    await waitForScreen(page, AT_PROMPT);
    await waitForState(footer(page), 'running');
  });

  test('is left running, hears its power button, is saved or is powered off when its window is closed', async () => {
    const close = async (choice: string): Promise<void> => {
      await button(page, 'Close').click();
      await page.getByRole('dialog').getByRole('radio', { name: choice }).click();
      await dialogButton('OK').click();
      await dialogClosed();
    };
    await page.getByTestId('screen').focus();
    await typeCommand(page, 'echo kept');
    await waitForScreen(page, /kept\s+A:\\>\s*$/);

    await close('Leave it running in the background');
    await waitForState(row(page, name), 'running');
    await row(page, name).dblclick();
    await waitForScreen(page, /kept\s+A:\\>\s*$/);
    // DOS does not listen to the button, and that is said.
    await button(page, 'Close').click();
    await page.getByRole('dialog').getByRole('radio', { name: 'Press the power button' }).click();
    await dialogButton('OK').click();
    await page.getByRole('dialog').getByText('Code: machine.no-acpi').waitFor();
    await dialogButton('Cancel').click();
    await dialogClosed();
    await close('Save the machine state');
    await row(page, name).getByText('Saved').waitFor();
    await startFromList(page, name);
    await waitForScreen(page, /kept\s+A:\\>\s*$/);
    await close('Power off');
    await waitForState(row(page, name), 'stopped');
  });

  test('is powered off after a question, and can be started again', async () => {
    await startFromList(page, name);

    await button(page, 'Power off').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    await dialogClosed();
    await waitForState(footer(page), 'running');
    await doAndConfirm(page, 'Power off');
    await waitForState(footer(page), 'stopped');
    await page.getByRole('tabpanel').getByRole('button', { name: 'Start' }).click();
    await waitForState(footer(page), 'running');
    await doAndConfirm(page, 'Power off');
    await waitForState(footer(page), 'stopped');
    await button(page, 'Machines').click();
  });

  test('is changed in its settings, which its context menu opens, and where its details stand', async () => {
    const details = page.getByRole('tabpanel');
    await row(page, name).click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Settings', exact: true }).click();
    await dialogButton('System').click();
    await page.getByRole('dialog').getByRole('textbox', { name: 'Memory' }).fill('48');
    await dialogButton('Save').click();
    await dialogClosed();
    await details.getByText('48 MiB').waitFor();
    await details.getByRole('button', { name: 'Add a port' }).click();
    await details.getByText('COM2', { exact: true }).waitFor();
    await details.getByRole('button', { name: 'Change COM2)' }).click();
    await page.getByRole('option', { name: 'File' }).click();
    await page.keyboard.type('/tmp/com2.txt');
    await page.keyboard.press('Enter');
    await details.getByText('/tmp/com2.txt').waitFor();
    await details.getByRole('button', { name: 'Change Boot order' }).focus();
    for (const key of ['Enter', 'Space', 'Tab', 'Tab', 'Space', 'Space', 'Shift+Tab', 'Shift+Tab', 'Enter'])
      await page.keyboard.press(key);
    await details.getByRole('button', { name: 'CD-ROM, Hard disk (Change Boot order)', exact: true }).waitFor();

    await details.getByRole('button', { name: 'Change Memory' }).click();
    await page.getByRole('textbox', { name: 'Memory' }).fill('24');
    await page.keyboard.press('Escape');
    await details.getByText('48 MiB').waitFor();
    await details.getByRole('button', { name: 'Change Memory' }).click();
    await page.getByRole('textbox', { name: 'Memory' }).fill('40');
    await page.keyboard.press('Enter');
    await details.getByText('40 MiB').waitFor();
    await details.getByRole('button', { name: 'Change Processor' }).click();
    await page.getByRole('option', { name: 'Intel 486' }).click();
    await details.getByText('Intel 486').waitFor();
    await details.getByRole('button', { name: 'Change Writes to Floppy A:' }).click();
    await page.getByRole('option', { name: 'As it was at every start' }).click();
    await details.getByText('As it was at every start').waitFor();
    await details.getByRole('button', { name: 'Change the medium: Primary master' }).click();
    await page.keyboard.press('Escape');
    await details.getByRole('textbox', { name: 'Note' }).fill('Of 1994.');
    await details.getByRole('button', { name: 'Change Group' }).click();
    await page.getByRole('textbox', { name: 'Group' }).fill('Old');
    await page.keyboard.press('Enter');
    await row(page, 'Old').waitFor();

    // Several at once: what they share stands beside the list, and is changed for all of them.
    await createMachine(page, 'Another', guestImage('freedos.img'));
    await row(page, 'Another').click({ modifiers: ['ControlOrMeta'] });
    const shared = page.getByRole('region', { name: 'Settings of all 2' });
    await shared.getByRole('button', { name: 'Different (Change Memory)' }).click();
    await page.getByRole('textbox', { name: 'Memory' }).fill('56');
    await page.keyboard.press('Enter');
    await shared.getByText('56 MiB').waitFor();

    const listed = await call(page, 'machines.list', {});
    expect(listed.ok && listed.value.machines[0]?.config).toMatchObject({
      ...{ memoryMiB: 56, cpuModel: '486', note: 'Of 1994.', group: 'Old' },
      floppies: [{ writable: true, mode: 'immutable' }],
      serial: [{ mode: 'console' }, { mode: 'file', path: '/tmp/com2.txt' }],
      bootOrder: ['cdrom', 'disk'],
    });
    const another = listed.ok && listed.value.machines[1]?.config;
    expect(another).toMatchObject({ name: 'Another', memoryMiB: 56, cpuModel: 'default' });
    await call(page, 'machines.remove', { id: another ? another.id : '' });
    await row(page, 'Another').waitFor({ state: 'detached' });
  });

  test('is removed, unless that is taken back', async () => {
    await row(page, name).last().click();
    await chooseFromMenu(page, 'More', 'Remove');
    await row(page, name).waitFor({ state: 'detached' });
    await button(page, 'Undo').click();
    await row(page, name).last().click();
    await chooseFromMenu(page, 'More', 'Remove');

    await row(page, name).waitFor({ state: 'detached' });
    expect(await machineNames(page)).toEqual([]);
  });
});

describe('the interface', () => {
  beforeAll(openContext);
  afterAll(closeContext);

  test('is worked by the keyboard alone', async () => {
    const name = 'Keyboard';
    await createMachine(page, name, guestImage('freedos.img'));

    await page.getByRole('tree').focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('Enter');
    await page.getByTestId('screen').waitFor();
    await page.keyboard.press('ControlRight');
    await page.getByRole('toolbar').getByRole('button').first().focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');

    await waitForState(footer(page), 'paused');
    await removeAllMachines(page);
  });

  test('says which screen cannot be shown, and that what it shows may be old when Terrarium is gone', async () => {
    const own = await startShell();
    // As after an update: the window is of the former version.
    await page.route('**/activity-page-*.js', (route) => route.abort());
    await page.goto(own.url);
    await page.getByText('Plant your first machine').waitFor();
    await page.getByRole('link', { name: 'Activity' }).click();
    await page.getByText('This screen cannot be shown').waitFor();
    await button(page, 'Load the window again').waitFor();
    await page.getByRole('link', { name: 'Machines' }).click();
    await page.getByText('Plant your first machine').waitFor();
    await page.unroute('**/activity-page-*.js');

    await own.stop();

    await page.getByText('The connection to Terrarium is lost.').waitFor();
    await page.goto(shell.url);
  });
});

describe('the library', () => {
  beforeAll(openContext);
  beforeEach(() => page.goto(shell.url));
  afterAll(closeContext);

  const terrarium = async (...args: string[]): Promise<string> =>
    (
      await promisify(execFile)(process.execPath, [
        ...['main/cli/terrarium.mjs', ...args, '--library', shell.libraryFolder],
      ])
    ).stdout;

  test('shows what another window and the command line do, without being asked, and they what it does', async () => {
    const name = 'Shared';
    const other = await openPage();
    await terrarium('create', name, '--template', 'dos', '--floppy', guestImage('freedos.img'));
    await waitForState(row(page, name), 'stopped');

    await startFromList(page, name);
    await waitForState(row(other, name), 'running');
    expect(await terrarium('pause', name)).toContain('paused');
    await waitForState(footer(page), 'paused');
    await waitForState(row(other, name), 'paused');
    expect(await terrarium('list')).toMatch(/Shared +paused/);
    await row(other, name).click();
    await doAndConfirm(other, 'Power off');
    await waitForState(footer(page), 'stopped');
    await terrarium('start', name, '--headless');
    await waitForState(footer(page), 'running');
    // A window shows what another process runs, takes keys for it, and its menu works.
    await waitForScreen(page, AT_PROMPT);
    await typeCommand(page, 'ver');
    await waitForScreen(page, /FreeCom version/);
    await button(page, 'Pause').click();
    await waitForState(footer(page), 'paused');
    expect(await terrarium('list')).toMatch(/Shared +paused/);
    await button(page, 'Resume').click();
    await waitForState(footer(page), 'running');
    await other.getByRole('tab', { name: 'Snapshots' }).click();
    await terrarium('snapshot', 'take', name, 'by command');
    await other.getByRole('treeitem').filter({ hasText: 'by command' }).waitFor();
    await terrarium('stop', name);
    await waitForState(row(other, name), 'stopped');
    // What one removes is gone for all, until another takes it back.
    await row(other, name).click();
    await chooseFromMenu(other, 'More', 'Remove');
    await other.close();
    await button(page, 'Machines').click();
    await button(page, 'Undo').waitFor();
    expect(await machineNames(page)).not.toContain(name);
    expect(await terrarium('list')).not.toContain(name);
    await page.keyboard.press('Control+KeyZ');
    await row(page, name).waitFor();
    await button(page, 'Undo').waitFor({ state: 'detached' });
    await terrarium('remove', name);
    await row(page, name).waitFor({ state: 'detached' });
  });

  test('takes in, makes, checks, changes and gives out media, each with its progress and a way to end it', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'terrarium-media-'));
    const big = path.join(folder, 'big.img');
    fs.writeFileSync(big, '');
    fs.truncateSync(big, 2 ** 40);
    const small = path.join(folder, 'letters.img');
    fs.copyFileSync(guestImage('freedos.img'), small);
    const dialog = page.getByRole('dialog');
    const act = async (medium: string, action: string): Promise<void> => {
      await button(page, `Actions for ${medium}`).click();
      await page.getByRole('menuitem', { name: action, exact: true }).click();
    };
    await page.getByRole('link', { name: 'Media' }).click();

    await button(page, 'Import').click();
    await dialog.getByLabel('Path of the image').fill(big);
    await dialogButton('Import').click();
    await dialog.getByRole('progressbar').waitFor();
    await dialogButton('Cancel').click();
    await dialog.getByText('Code: task.cancelled').waitFor();
    await dialog.getByLabel('Path of the image').fill(small);
    await dialog.getByRole('radio', { name: 'Floppy', checked: true }).waitFor();
    await dialogButton('Import').click();
    await dialogClosed();
    await page.getByRole('row', { name: /letters\.img/ }).waitFor();

    await button(page, 'New').click();
    await dialog.getByLabel('Name').fill('Data');
    await dialog.getByRole('textbox', { name: 'Size' }).fill('64');
    await dialogButton('Create').click();
    await dialogClosed();
    await act('Data', 'Resize…');
    await dialog.getByRole('textbox', { name: 'Size' }).fill('96');
    await dialogButton('Resize').click();
    await dialogClosed();
    await page.getByRole('row', { name: /Data 96 MiB/ }).waitFor();
    await act('Data', 'Resize…');
    await dialog.getByRole('textbox', { name: 'Size' }).fill('48');
    await dialog.getByRole('checkbox', { name: 'Cut off data' }).check();
    await dialogButton('Resize').click();
    await dialogClosed();
    await page.getByRole('row', { name: /Data 48 MiB/ }).waitFor();
    await page.getByRole('row', { name: /Data before shrinking 96 MiB/ }).waitFor();
    await button(page, 'Tidy up').click();
    await dialogButton('Tidy up').click();
    await dialog.getByText('were freed').waitFor();
    await page.keyboard.press('Escape');
    await dialogClosed();
    await act('Data', 'Check');
    await dialogButton('Check').click();
    await dialog.getByText('Everything is as it was written').waitFor();
    await page.keyboard.press('Escape');
    await dialogClosed();
    await act('letters.img', 'Export…');
    await dialog.getByLabel('New file').fill(path.join(folder, 'copy.vdi'));
    await dialog.getByRole('combobox', { name: 'Format' }).click();
    await page.getByRole('option', { name: 'VirtualBox (vdi)' }).click();
    await dialogButton('Export').click();
    await dialogClosed();
    expect(fs.readFileSync(path.join(folder, 'copy.vdi')).toString('latin1', 0, 40)).toContain('VirtualBox');
    await button(page, 'Convert').click();
    await dialog.getByLabel('Image file').fill(big);
    await dialog.getByLabel('New file').fill(path.join(folder, 'big.qcow2'));
    await dialogButton('Convert').click();
    await dialogClosed();
    await page.getByRole('button', { name: 'Work in progress' }).click();
    await button(page, 'Cancel the work on big.qcow2').click();
    await dialog.getByText('Cancelled', { exact: true }).first().waitFor();
    await page.keyboard.press('Escape');
    await dialogClosed();
    await call(page, 'media.create', { name: 'Huge', kind: 'disk', sizeBytes: 2 ** 41 });
    await act('Huge', 'Move out of the library…');
    await dialog.getByLabel('New file').fill(path.join(folder, 'huge.img'));
    await dialogButton('Move').click();
    await dialog.getByRole('progressbar').waitFor();
    await dialogButton('Cancel').click();
    await dialog.getByText('Code: task.cancelled').waitFor();
    await dialogButton('Cancel').click();
    await dialogClosed();
    await page.getByRole('row', { name: /Huge 2 TiB/ }).waitFor();
    expect(fs.readdirSync(folder).sort()).toEqual(['big.img', 'copy.vdi', 'letters.img']);
    await button(page, 'Convert').click();
    await dialog.getByLabel('Image file').fill(path.join(folder, 'copy.vdi'));
    await dialog.getByLabel('New file').fill(path.join(folder, 'copy.qcow2'));
    await dialogButton('Convert').click();
    await dialogClosed();
    await expect.poll(() => fs.existsSync(path.join(folder, 'copy.qcow2'))).toBe(true);
    await act('letters.img', 'Move out of the library…');
    await dialog.getByLabel('New file').fill(path.join(folder, 'moved.img'));
    await dialogButton('Move').click();
    await dialogClosed();
    await page.getByRole('row', { name: /letters\.img/ }).waitFor({ state: 'detached' });
    expect(fs.readFileSync(path.join(folder, 'moved.img')).equals(fs.readFileSync(small))).toBe(true);
    // A file that machines use where it is, and that goes away: told when the window is turned to, before a start fails.
    const [moved, elsewhere] = ['moved.img', 'elsewhere.img'].map((file) => path.join(folder, file));
    const lost = { name: 'Lost', floppies: [{ path: moved, writable: true }] };
    const made = await call(page, 'machines.create', lost);
    await page.getByRole('row', { name: /moved\.img .* Lost/ }).waitFor();
    fs.renameSync(moved, elsewhere);
    await page.evaluate(() => window.dispatchEvent(new Event('focus')));
    await button(page, 'moved.img cannot be used: what to do').click();
    await dialog.getByText('There is no such file').waitFor();
    await dialog.getByLabel('Path of the image').fill(elsewhere);
    await dialogButton('Use this file').click();
    await dialogClosed();
    await page.getByRole('row', { name: /elsewhere\.img .* outside of the library Lost/ }).waitFor();
    await act('elsewhere.img', 'Take out of all machines');
    await page.getByRole('row', { name: /elsewhere\.img/ }).waitFor({ state: 'detached' });
    await call(page, 'machines.remove', { id: made.ok ? made.value.config.id : '' });
    await act('Data', 'Remove');
    await page.getByRole('row', { name: /Data 48 MiB/ }).waitFor({ state: 'detached' });
    await button(page, 'Undo').click();
    await page.getByRole('row', { name: /Data 48 MiB/ }).waitFor();
    fs.rmSync(folder, { recursive: true });
  });

  test('reports a machine whose process was killed, and its neighbour goes on', async () => {
    const [victim, neighbour] = ['Victim', 'Neighbour'];
    await createMachine(page, victim, guestImage('freedos.img'));
    await startFromList(page, victim);
    const listed = await call(page, 'machines.list', {});
    const id = (listed.ok && listed.value.machines.find(({ config }) => config.name === victim)?.config.id) || '';
    const status = await askMachine(shell.libraryFolder, id, 'status', {});
    await button(page, 'Machines').click();
    await createMachine(page, neighbour, guestImage('freedos.img'));
    await startFromList(page, neighbour);

    expect(status.ok).toBe(true);
    if (status.ok) process.kill(status.value.pid, 'SIGKILL');
    await button(page, 'Machines').click();
    await waitForState(row(page, victim), 'aborted');
    await row(page, victim).click();

    const alert = page.getByRole('main').getByRole('alert');
    expect(await alert.textContent()).toMatch(/process was ended.*SIGKILL.*Code: machine\.killed/);
    await waitForState(row(page, neighbour), 'running');
    await row(page, neighbour).dblclick();
    await waitForScreen(page, AT_PROMPT);
  });
});
