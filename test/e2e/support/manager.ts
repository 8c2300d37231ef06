import type { Browser, BrowserContext, Page } from 'playwright-core';
import { expect } from 'vitest';
import { launchBrowser } from './browser.ts';
import { startShell, type Shell } from './shell.ts';
import { button, removeAllMachines } from './steps.ts';

/** The interface in Chromium on a web shell of its own. Nothing that a page complains of is overlooked. */
export class Manager {
  shell!: Shell;
  context!: BrowserContext;
  #browser: Browser | undefined;
  #first!: Page;
  #complaints: string[] = [];

  async start(): Promise<void> {
    [this.shell, this.#browser] = await Promise.all([startShell(), launchBrowser()]);
  }

  async stop(): Promise<void> {
    await this.#browser?.close();
    await this.shell?.stop();
  }

  /** A browser that knows nothing of the others, with a page. */
  async openContext(): Promise<Page> {
    this.#complaints = [];
    this.context = await this.#browser!.newContext({
      viewport: { width: 1280, height: 800 },
      locale: 'en-US',
      colorScheme: 'light',
      reducedMotion: 'reduce',
    });
    this.context.setDefaultTimeout(60_000);
    return (this.#first = await this.openPage());
  }

  /** Pages are opened as the person does, with the address that was printed. */
  async openPage(): Promise<Page> {
    const opened = await this.context.newPage();
    opened.on('pageerror', (error) => this.#complaints.push(error.message));
    opened.on('console', (message) => {
      if (/Content Security Policy|Warning:/.test(message.text())) this.#complaints.push(message.text());
    });
    await opened.goto(this.shell.url);
    await button(opened, 'New').waitFor();
    return opened;
  }

  async closeContext(): Promise<void> {
    await removeAllMachines(this.#first);
    await this.context.close();
    expect(this.#complaints).toEqual([]);
  }
}
