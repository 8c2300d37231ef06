import type { Locator, Page } from 'playwright-core';

/** What a person does, in words that both shells share. English interface. */

export const button = (page: Page, name: string): Locator => page.getByRole('button', { name, exact: true });
export const row = (page: Page, name: string): Locator => page.getByRole('option').filter({ hasText: name });
/** The screen's text, row by row, as the guest has it. */
export const screenText = (page: Page): Promise<string> =>
  page.getByTestId('screen-text').evaluate((e) => e.textContent);

export async function createMachine(page: Page, name: string, floppy: string): Promise<void> {
  await button(page, 'New').click();
  const dialog = page.getByRole('dialog', { name: 'New machine' });
  await dialog.getByLabel('Name').fill(name);
  await dialog.getByLabel('Floppy image').fill(floppy);
  await dialog.getByRole('button', { name: 'Create' }).click();
  await dialog.waitFor({ state: 'detached' });
  await row(page, name).waitFor();
}

/** Selects the machine in the list and starts it with the toolbar's button, which shows its screen. */
export async function startFromList(page: Page, name: string): Promise<void> {
  await row(page, name).click();
  await button(page, 'Start').click();
  await page.getByRole('application', { name: `Screen of ${name}` }).waitFor();
}

/** Does it and, where the interface asks first, says yes. */
export async function doAndConfirm(page: Page, action: 'Power off' | 'Reset' | 'Remove'): Promise<void> {
  await page.getByRole('toolbar').getByRole('button', { name: action }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: action }).click();
  await dialog.waitFor({ state: 'detached' });
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

/** Machines that a test leaves running would take their time from the next. */
export const removeAllMachines = (page: Page): Promise<void> =>
  page.evaluate(async () => {
    const call = async (
      name: string,
      params: object,
    ): Promise<{ value?: { machines?: { config: { id: string } }[] } }> => {
      const body = JSON.stringify({ call: name, params });
      const answer = await fetch('/api/call', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
      return (await answer.json()) as { value?: { machines?: { config: { id: string } }[] } };
    };
    const { value } = await call('machines.list', {});
    for (const { config } of value?.machines ?? []) {
      await call('machines.stop', { id: config.id });
      await call('machines.remove', { id: config.id });
    }
  });

/** The machine is at the prompt, with nothing typed. */
export const AT_PROMPT = /A:\\>\s*$/;

const CODES: Readonly<Record<string, string>> = { ' ': 'Space', '.': 'Period', '\n': 'Enter', '\\': 'Backslash' };
const SHIFTED: Readonly<Record<string, string>> = { '>': 'Period', ':': 'Semicolon' };

/** Key by key, as on a US keyboard: `code` is what a machine hears. */
export async function typeKeys(page: Page, text: string): Promise<void> {
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

/** The state that the window or the list shows for a machine. */
export const stateOf = (place: Locator): Locator => place.locator('[data-state]');

export async function waitForState(place: Locator, state: string): Promise<void> {
  await place.locator(`[data-state="${state}"]`).waitFor();
}
