import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { _electron, type ElectronApplication } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { guestImage } from '../fixtures/guests.ts';
import { screenshotPath } from '../fixtures/screenshots.ts';
import {
  AT_PROMPT,
  button,
  createMachine,
  doAndConfirm,
  litPixels,
  row,
  startFromList,
  typeCommand,
  waitForPicture,
  waitForScreen,
  waitForState,
} from './support/steps.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** Where npm's electron package has put the binary; undefined when it was not downloaded. */
function electronBinary(): string | undefined {
  const named = path.join(root, 'node_modules/electron/path.txt');
  if (!fs.existsSync(named)) return undefined;
  const binary = path.join(root, 'node_modules/electron/dist', fs.readFileSync(named, 'utf8').trim());
  return fs.existsSync(binary) ? binary : undefined;
}

const binary = electronBinary();
const hasDisplay = process.platform !== 'linux' || Boolean(process.env['DISPLAY'] ?? process.env['WAYLAND_DISPLAY']);
const missing =
  binary === undefined ? 'the Electron binary is not installed' : hasDisplay ? undefined : 'there is no display';
if (missing !== undefined) console.log(`The desktop app is not tested here: ${missing}.`);

/** The same steps as in the browser, in the desktop app: calls over the bridge, the screen over a MessagePort. */
describe.skipIf(missing !== undefined)('the desktop app', () => {
  let app: ElectronApplication;
  let libraryFolder: string;

  beforeAll(async () => {
    const built = spawnSync(process.execPath, ['scripts/build.mjs'], { cwd: root, encoding: 'utf8' });
    if (built.status !== 0) throw new Error(built.stderr);
    libraryFolder = fs.mkdtempSync(path.join(os.tmpdir(), 'terrarium-electron-'));
    app = await _electron.launch({
      executablePath: binary ?? '',
      args: [root, `--library=${libraryFolder}`, '--lang=en', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
    });
  });

  afterAll(async () => {
    await app?.close();
    if (libraryFolder) fs.rmSync(libraryFolder, { recursive: true, force: true });
  });

  test('boots FreeDOS from the list, takes keys, pauses, and powers off', async () => {
    const page = await app.firstWindow();

    await createMachine(page, 'FreeDOS', guestImage('freedos.img'));
    await startFromList(page, 'FreeDOS');
    await waitForScreen(page, AT_PROMPT);
    await waitForPicture(page);
    await typeCommand(page, 'ver');
    const text = await waitForScreen(page, /FreeCom version/);

    expect(text).toMatch(/A:\\>ver\s+FreeCom version 0\.82/);
    expect(await litPixels(page)).toBeGreaterThan(0);
    await page.screenshot({ path: screenshotPath('electron-machine') });
    await button(page, 'Pause').click();
    await waitForState(page.getByRole('contentinfo'), 'paused');
    await button(page, 'Resume').click();
    await waitForState(page.getByRole('contentinfo'), 'running');
    await doAndConfirm(page, 'Power off');
    await button(page, 'Machines').click();
    await waitForState(row(page, 'FreeDOS'), 'stopped');
  });
});
