import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { askMachine } from '../../main/vm-host/socket.ts';
import { guestImage } from '../fixtures/guests.ts';
import { Manager } from './support/manager.ts';
import { startShell } from './support/shell.ts';
import {
  AT_PROMPT,
  button,
  call,
  chooseFromMenu,
  createMachine,
  doAndConfirm,
  machineNames,
  removeAllMachines,
  row,
  startFromList,
  typeCommand,
  waitForScreen,
  waitForState,
} from './support/steps.ts';

/** The manager and what is beside it: its media, other windows, the command line, processes that die. */
const manager = new Manager();
let page: Page;
const openContext = async (): Promise<void> => void (page = await manager.openContext());
const closeContext = (): Promise<void> => manager.closeContext();

beforeAll(() => manager.start());
afterAll(() => manager.stop());

const footer = (of: Page) => of.getByRole('contentinfo');
const dialogButton = (name: string) => page.getByRole('dialog').getByRole('button', { name, exact: true });
const dialogClosed = () => page.getByRole('dialog').waitFor({ state: 'detached' });

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
    await page.goto(manager.shell.url);
  });
});

describe('the library', () => {
  beforeAll(openContext);
  beforeEach(() => page.goto(manager.shell.url));
  afterAll(closeContext);

  const terrarium = async (...args: string[]): Promise<string> =>
    (
      await promisify(execFile)(process.execPath, [
        ...['main/cli/terrarium.mjs', ...args, '--library', manager.shell.libraryFolder],
      ])
    ).stdout;

  test('shows what another window and the command line do, without being asked, and they what it does', async () => {
    const name = 'Shared';
    const other = await manager.openPage();
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
    await dialog.getByText('Cancelled. Nothing of it was kept.').waitFor();
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
    await dialog.getByText('Cancelled. Nothing of it was kept.').waitFor();
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
    const status = await askMachine(manager.shell.libraryFolder, id, 'status', {});
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
