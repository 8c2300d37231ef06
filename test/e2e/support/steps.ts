import fs from 'node:fs';
import path from 'node:path';
import type { Locator, Page } from 'playwright-core';
import type { CallName, CallParams, CallResult, MachineInfo, Result } from '../../../core/contract/index.ts';

/** What a person does. The words are the English interface's unless a test says others. */

export const button = (page: Page, name: string): Locator => page.getByRole('button', { name, exact: true });
export const row = (page: Page, name: string): Locator => page.getByRole('treeitem').filter({ hasText: name });
/** The screen's text, row by row, as the guest has it. */
export const screenText = (page: Page): Promise<string> =>
  page.getByTestId('screen-text').evaluate((e) => e.textContent);

/** Made by a call, which a test of something else need not click for. */
export async function createMachine(page: Page, name: string, floppy: string, writable = false): Promise<void> {
  const made = await call(page, 'machines.create', {
    name,
    template: 'dos',
    memoryMiB: 32,
    floppies: [{ path: floppy, writable }],
  });
  if (!made.ok) throw new Error(made.error.message);
  await row(page, name).waitFor();
}

/** Selects the machine in the list and starts it with the toolbar's button, which shows its screen. */
export async function startFromList(page: Page, name: string): Promise<void> {
  await row(page, name).click();
  await button(page, 'Start').click();
  await page.getByRole('application', { name: `Screen of ${name}` }).waitFor();
}

/** Does what the interface asks about first, and says yes. */
export async function doAndConfirm(page: Page, action: 'Power off' | 'Reset'): Promise<void> {
  await page.getByRole('toolbar').getByRole('button', { name: action, exact: true }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: action }).click();
  await dialog.waitFor({ state: 'detached' });
}

/** An item of one of the toolbar's menus. */
export async function chooseFromMenu(page: Page, menu: string, item: string): Promise<void> {
  await button(page, menu).click();
  await page.getByRole('menuitem', { name: item, exact: true }).click();
}

/** A file of this computer, let go over the manager. */
export async function dropFile(page: Page, file: string, name = path.basename(file)): Promise<void> {
  const bytes = fs.readFileSync(file).toString('base64');
  const transfer = await page.evaluateHandle(
    ([data, fileName]) => {
      const dropped = new DataTransfer();
      dropped.items.add(new File([Uint8Array.from(atob(data), (char) => char.charCodeAt(0))], fileName));
      return dropped;
    },
    [bytes, name] as const,
  );
  for (const kind of ['dragenter', 'dragover', 'drop'])
    await page.getByTestId('image-drop').dispatchEvent(kind, { dataTransfer: transfer });
}

/** Waits until the screen's text matches; if it never does, the error holds what the screen said instead. */
export async function waitForScreen(page: Page, text: RegExp, timeoutMs = 60_000): Promise<string> {
  try {
    await page.waitForFunction(
      ([source, flags]) =>
        new RegExp(source, flags).test(document.querySelector('[data-testid=screen-text]')?.textContent ?? ''),
      [text.source, text.flags] as const,
      { timeout: timeoutMs },
    );
  } catch (error) {
    const shown = await screenText(page).catch(() => '(no screen)');
    throw new Error(`the screen does not show ${String(text)}, but:\n${shown.trimEnd()}`, { cause: error });
  }
  return screenText(page);
}

/** A call of the contract as a page makes it, whichever shell it is in. */
export async function call<N extends CallName>(
  page: Page,
  name: N,
  params: CallParams<N>,
): Promise<Result<CallResult<N>>> {
  const answer = await page.evaluate(
    async ([callName, json]) => {
      const bridge = (window as { terrarium?: { call(name: string, params: unknown): Promise<unknown> } }).terrarium;
      if (bridge) return JSON.stringify(await bridge.call(callName, JSON.parse(json)));
      const headers = { 'content-type': 'application/json' };
      const body = JSON.stringify({ call: callName, params: JSON.parse(json) as unknown });
      return (await fetch('/api/call', { method: 'POST', headers, body })).text();
    },
    [name, JSON.stringify(params)] as const,
  );
  return JSON.parse(answer) as Result<CallResult<N>>;
}

async function machines(page: Page): Promise<readonly MachineInfo[]> {
  const listed = await call(page, 'machines.list', {});
  if (!listed.ok) throw new Error(listed.error.message);
  return listed.value.machines;
}

export const machineNames = async (page: Page): Promise<string[]> =>
  (await machines(page)).map(({ config }) => config.name);

/** Machines that a test leaves running would take their time from the next. */
export async function removeAllMachines(page: Page): Promise<void> {
  for (const { config } of await machines(page)) {
    await call(page, 'machines.stop', { id: config.id });
    await call(page, 'machines.remove', { id: config.id });
  }
}

/** The processor's registers: the same twice when nothing has run between. */
export async function registers(page: Page, name: string): Promise<readonly string[]> {
  const machine = (await machines(page)).find(({ config }) => config.name === name);
  const seen = await call(page, 'machines.inspect', { id: machine?.config.id ?? '' });
  if (!seen.ok) throw new Error(seen.error.message);
  return seen.value.devices['cpu'];
}

/** The machine is at the prompt, with nothing typed. */
export const AT_PROMPT = /A:\\>\s*$/;
/** What a shell shows where it waits for a command, as the source of an expression. */
const DOS_PROMPT = 'A:\\\\>';
export const DEBIAN_PROMPT = 'root@debian:\\S+# ?';

const CODES: Readonly<Record<string, string>> = { ' ': 'Space', '.': 'Period', '\n': 'Enter', '\\': 'Backslash' };
const SHIFTED: Readonly<Record<string, string>> = { '>': 'Period', ':': 'Semicolon' };

const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');

/**
 * A command at the prompt, DOS's unless it says another, and Enter. Each key waits for the last one's echo: a PC's
 * keyboard keeps a few keys for a guest that is busy, and loses the rest.
 */
export async function typeCommand(page: Page, command: string, prompt = DOS_PROMPT): Promise<void> {
  for (let typed = 0; typed < command.length; typed++) {
    await waitForScreen(page, new RegExp(`${prompt}${escaped(command.slice(0, typed).trimEnd())}\\s*$`));
    await pressKeys(page, command[typed]);
  }
  await waitForScreen(page, new RegExp(`${prompt}${escaped(command)}\\s*$`));
  await pressKeys(page, '\n');
}

/** Key by key, as on a US keyboard: `code` is what a machine hears. Waits for nothing. */
export async function pressKeys(page: Page, text: string): Promise<void> {
  for (const char of text) {
    if (SHIFTED[char] !== undefined) await page.keyboard.press(`Shift+${SHIFTED[char]}`);
    else if (/[a-z]/.test(char)) await page.keyboard.press(`Key${char.toUpperCase()}`);
    else if (/[0-9]/.test(char)) await page.keyboard.press(`Digit${char}`);
    else await page.keyboard.press(CODES[char]);
  }
}

/** Pixels of the machine's canvas that are not black. */
export const litPixels = (page: Page): Promise<number> =>
  page.locator('canvas').evaluate((canvas: HTMLCanvasElement) => {
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    let lit = 0;
    for (let i = 0; i < data.length; i += 4) if (data[i] + data[i + 1] + data[i + 2] > 0) lit++;
    return lit;
  });

export async function waitForPicture(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const canvas = document.querySelector('canvas');
    if (!canvas || canvas.width === 0) return false;
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    return data.some((value, index) => index % 4 !== 3 && value > 0);
  });
}

/** In the list's row or the window's status line. */
export async function waitForState(place: Locator, state: string): Promise<void> {
  await place.locator(`[data-state="${state}"]`).waitFor();
}
