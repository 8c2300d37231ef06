import fs from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mediumPath } from '../../core/contract/index.ts';
import { guestImage } from '../fixtures/guests.ts';
import { Manager } from './support/manager.ts';
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
  row,
  screenText,
  startFromList,
  typeCommand,
  waitForPicture,
  waitForScreen,
  waitForState,
} from './support/steps.ts';

/** The life of a machine in the interface, with FreeDOS in it. */
const manager = new Manager();
let page: Page;
const openContext = async (): Promise<void> => void (page = await manager.openContext());
const closeContext = (): Promise<void> => manager.closeContext();

beforeAll(() => manager.start());
afterAll(() => manager.stop());

const footer = (of: Page) => of.getByRole('contentinfo');
const dialogButton = (name: string) => page.getByRole('dialog').getByRole('button', { name, exact: true });
/** Not clicked nor sent there by the test: what was asked for is done, and the guest is typed into again. */
const guestHasKeyboard = () => page.locator('[data-testid=screen]:focus').waitFor();
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
    await footer(page).getByText('720 × 400').waitFor();
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
    await guestHasKeyboard();
    await waitForScreen(page, /A:\\>echo "Pasted" \{1\/2\}\s+"Pasted" \{1\/2\}\s+A:\\>\s*$/);

    // A long one shows how far it is, and can be ended.
    await chooseFromMenu(page, 'Keyboard', 'Paste as typing…');
    await page.getByRole('dialog').getByLabel('Text').fill('x'.repeat(2000));
    await dialogButton('Type it').click();
    await page.getByRole('progressbar', { name: 'How much is typed' }).waitFor();
    await button(page, 'Stop typing').click();
    await button(page, 'Stop typing').waitFor({ state: 'detached' });
    expect(await screenText(page)).toMatch(/A:\\>x+\s*$/);
    await page.getByTestId('screen').focus();
    await page.keyboard.press('Escape');
    await waitForScreen(page, AT_PROMPT);

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
    await page.getByRole('status').getByText('Right Ctrl+F leaves full screen').waitFor();
    await guestHasKeyboard();
    const tools = page.getByRole('region', { name: 'Machine', exact: true });
    const toolsShown = (): Promise<boolean> => tools.evaluate((bar) => bar.getBoundingClientRect().top === 0);
    await expect.poll(toolsShown).toBe(false);
    const { width, height } = (await page.getByTestId('screen').boundingBox()) ?? { width: 0, height: 0 };
    expect([width, height]).toEqual(await page.evaluate(() => [innerWidth, innerHeight]));
    // The host key alone brings the toolbar, with it what it asks for is seen there as well.
    await page.keyboard.press('ControlRight');
    await expect.poll(toolsShown).toBe(true);
    await page.getByTestId('screen').focus();
    await expect.poll(toolsShown).toBe(false);
    await page.keyboard.down('ControlRight');
    await page.keyboard.press('KeyV');
    await page.keyboard.up('ControlRight');
    await page.getByRole('dialog', { name: 'Paste as typing' }).waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    await dialogClosed();
    await guestHasKeyboard();
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
    await manager.context.grantPermissions(['clipboard-read', 'clipboard-write'], {
      origin: new URL(manager.shell.url).origin,
    });
    await page.keyboard.press('Control+Shift+KeyF');
    await page.keyboard.type('freecom');
    await page.keyboard.press('Enter');
    await button(page, 'Copy').click();
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe('FreeCom');
    // What scrolled away can be scrolled to and is saved; what is cleared is gone.
    const shown = terminal.locator('.xterm-rows');
    await terminal.locator('textarea').focus();
    for (let times = 0; times < 4; times++) {
      await page.keyboard.type('dir\r');
      await expect.poll(() => shown.textContent()).toMatch(/bytes free\s*A:\\>\s*$/);
    }
    expect(await shown.textContent()).not.toContain('out of the port');
    for (let pages = 0; pages < 3; pages++) await page.keyboard.press('Shift+PageUp');
    await expect.poll(() => shown.textContent()).toContain('out of the port');
    const download = page.waitForEvent('download');
    await button(page, 'Save as a file').click();
    const saved = await download;
    expect(saved.suggestedFilename()).toBe('FreeDOS COM1.txt');
    expect(fs.readFileSync(await saved.path(), 'utf8')).toMatch(/out of the port[^]*A:\\>ver\s+FreeCom[^]*A:\\>\n$/);
    await button(page, 'Clear').click();
    await expect.poll(() => shown.textContent()).toMatch(/^\s*A:\\>\s*$/);
    await page.getByRole('tab', { name: 'Screen' }).click();
  });

  test('shows how far an image is that is sent from its window, and ends that there', async () => {
    const large = path.join(manager.shell.libraryFolder, '..', 'large.img');
    fs.writeFileSync(large, '');
    fs.truncateSync(large, 4 * 2 ** 30);
    try {
      await button(page, 'Media').click();
      const [chooser] = await Promise.all([
        page.waitForEvent('filechooser'),
        page.getByRole('menuitem', { name: 'Open an image…' }).first().click(),
      ]);
      await chooser.setFiles(large);
      await footer(page).getByRole('button', { name: 'Work in progress: 1 running' }).click();
      await page.getByRole('button', { name: 'Cancel the work on large.img' }).click();

      await footer(page).getByText('Work in progress').waitFor({ state: 'detached' });
    } finally {
      fs.rmSync(large);
    }
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
