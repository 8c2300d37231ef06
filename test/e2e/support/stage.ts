import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { _electron, type Browser, type Page } from 'playwright-core';
import { launchBrowser } from './browser.ts';
import { startShell, type Shell } from './shell.ts';
import { removeAllMachines } from './steps.ts';

const root = path.resolve(import.meta.dirname, '../../..');

export interface Look {
  readonly locale: string;
  readonly colorScheme: 'light' | 'dark';
  /** The window's inside. */
  readonly width: number;
  readonly height: number;
}

/** The interface before a person, on a library without machines. */
export interface Scene {
  readonly page: Page;
  readonly libraryFolder: string;
  /** The next window that opens, to be asked for before it does. */
  nextWindow(): Promise<Page>;
  /** Its machines are gone afterwards. */
  close(): Promise<void>;
}

/** What shows the interface: the same specs run in a browser and in the desktop app. */
export interface Stage {
  readonly name: string;
  open(look: Look): Promise<Scene>;
  close(): Promise<void>;
}

const TIMEOUT_MS = 60_000;

class BrowserStage implements Stage {
  readonly name = 'Chromium';
  #started: Promise<readonly [Shell, Browser]> | undefined;

  async open({ width, height, ...look }: Look): Promise<Scene> {
    const [shell, browser] = await (this.#started ??= Promise.all([startShell(), launchBrowser()]));
    const context = await browser.newContext({ viewport: { width, height }, reducedMotion: 'reduce', ...look });
    context.setDefaultTimeout(TIMEOUT_MS);
    const page = await context.newPage();
    await page.goto(shell.url);
    return {
      page,
      libraryFolder: shell.libraryFolder,
      nextWindow: () => context.waitForEvent('page'),
      close: async () => {
        await removeAllMachines(page);
        await context.close();
      },
    };
  }

  async close(): Promise<void> {
    const [shell, browser] = (await this.#started) ?? [];
    await browser?.close();
    await shell?.stop();
  }
}

/** Calls over the bridge, the screen over a MessagePort, another process and library each time. */
class DesktopStage implements Stage {
  readonly name = 'the desktop app';
  readonly #executablePath: string;
  #built = false;

  constructor(executablePath: string) {
    this.#executablePath = executablePath;
  }

  async open({ locale, colorScheme, width, height }: Look): Promise<Scene> {
    if (!this.#built) {
      const built = spawnSync(process.execPath, ['scripts/build.mjs'], { cwd: root, encoding: 'utf8' });
      if (built.status !== 0) throw new Error(built.stderr);
      this.#built = true;
    }
    const libraryFolder = fs.mkdtempSync(path.join(os.tmpdir(), 'terrarium-electron-'));
    const app = await _electron.launch({
      executablePath: this.#executablePath,
      args: [
        root,
        `--library=${libraryFolder}`,
        `--user-data-dir=${path.join(libraryFolder, 'electron')}`,
        `--lang=${locale}`,
        ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      ],
      colorScheme,
    });
    app.context().setDefaultTimeout(TIMEOUT_MS);
    const page = await app.firstWindow();
    await page.emulateMedia({ reducedMotion: 'reduce' });
    const window = await app.browserWindow(page);
    await window.evaluate((self: Electron.BrowserWindow, size) => self.setContentSize(size.width, size.height), {
      width,
      height,
    });
    return {
      page,
      libraryFolder,
      nextWindow: () => app.waitForEvent('window'),
      close: async () => {
        await removeAllMachines(page);
        await app.close();
        fs.rmSync(libraryFolder, { recursive: true, force: true });
      },
    };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Where npm's electron package has put the binary; undefined when it was not downloaded. */
function electronBinary(): string | undefined {
  const named = path.join(root, 'node_modules/electron/path.txt');
  if (!fs.existsSync(named)) return undefined;
  const binary = path.join(root, 'node_modules/electron/dist', fs.readFileSync(named, 'utf8').trim());
  return fs.existsSync(binary) ? binary : undefined;
}

/** A browser, and the desktop app where it can run; says where it cannot. */
export function stages(): readonly Stage[] {
  const binary = electronBinary();
  const hasDisplay = process.platform !== 'linux' || Boolean(process.env['DISPLAY'] ?? process.env['WAYLAND_DISPLAY']);
  if (binary !== undefined && hasDisplay) return [new BrowserStage(), new DesktopStage(binary)];
  const missing = binary === undefined ? 'the Electron binary is not installed' : 'there is no display';
  console.log(`The desktop app is not tested here: ${missing}.`);
  return [new BrowserStage()];
}
