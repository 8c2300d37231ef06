import fs from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEBIAN_PACKAGES, MACHINE_TEMPLATES } from '../../core/contract/templates.ts';
import { debianCache } from '../fixtures/debian-package.ts';
import { guestImage } from '../fixtures/guests.ts';
import { stages, type Look, type Scene } from './support/stage.ts';
import {
  AT_PROMPT,
  button,
  call,
  chooseFromMenu,
  DEBIAN_PROMPT,
  dropFile,
  machineNames,
  row,
  startFromList,
  typeCommand,
  waitForScreen,
  waitForState,
} from './support/steps.ts';
import { wordsOf, type Language } from './support/words.ts';

/** What a person does in their first hour, from an empty library to two guests that were one: all by the interface. */
const STAGES = stages();
afterAll(() => Promise.all(STAGES.map((stage) => stage.close())));

const ENGLISH: Look = { locale: 'en-US', colorScheme: 'light', width: 1024, height: 640 };
const LOOKS: readonly (Look & { readonly language: Language })[] = [
  { ...ENGLISH, language: 'en' },
  { ...ENGLISH, language: 'ko', locale: 'ko-KR', colorScheme: 'dark' },
];
const SHOWINGS = STAGES.flatMap((stage) => LOOKS.map((look) => ({ stage, place: stage.name, look, ...look })));

describe.each(SHOWINGS)('the story in $language, $colorScheme, in $place', ({ stage, look, language }) => {
  const t = wordsOf(language);
  let scene: Scene;
  let page: Page;

  beforeAll(async () => {
    scene = await stage.open(look);
    page = scene.page;
    await page.getByText(t('machines.empty.title')).waitFor();
  });

  afterAll(() => scene?.close());

  const dialogButton = (name: string) => page.getByRole('dialog').getByRole('button', { name, exact: true });
  const closed = () => page.getByRole('dialog').waitFor({ state: 'detached' });
  const toManager = () => button(page, t('window.back')).click();
  const openSnapshots = async (name: string): Promise<void> => {
    await row(page, name).click();
    await page.getByRole('tab', { name: t('details.tab.snapshots') }).click();
  };
  const snapshotLine = (name: string) =>
    page
      .getByRole('tree', { name: t('snapshots.tree', { name: 'freedos' }) })
      .getByRole('treeitem')
      .filter({ hasText: name });
  const take = async (name: string): Promise<void> => {
    await button(page, t('action.take')).click();
    const dialog = page.getByRole('dialog', { name: t('take.title_one', { name: 'freedos' }) });
    await dialog.getByLabel(t('snapshots.name')).fill(name);
    await dialogButton(t('take.submit')).click();
    await closed();
  };

  test('an image that is dropped onto the empty library becomes a running guest', async () => {
    await dropFile(page, guestImage('freedos.img'));
    // What is dropped is asked about with the focus where Enter agrees.
    await dialogButton(t('create.submit')).waitFor();
    await page.keyboard.press('Enter');

    await waitForScreen(page, AT_PROMPT);
    expect(await machineNames(page)).toEqual(['freedos']);
  });

  test('what changed after a snapshot is gone when it is restored', async () => {
    await page.getByTestId('screen').focus();
    await typeCommand(page, 'echo before>a.txt');
    await waitForScreen(page, AT_PROMPT);
    await take('first');
    await page.getByTestId('screen').focus();
    await typeCommand(page, 'echo after>a.txt');
    await waitForScreen(page, AT_PROMPT);
    await take('second');
    await page.getByTestId('screen').focus();
    await typeCommand(page, 'type a.txt');
    await waitForScreen(page, /type a\.txt\s+after\s/);

    await toManager();
    await openSnapshots('freedos');
    await snapshotLine('first').click();
    await page
      .getByRole('toolbar', { name: t('snapshots.toolbar') })
      .getByRole('button', { name: t('snapshots.restore') })
      .click();
    await page.getByRole('dialog').getByLabel(t('restore.keepName')).fill('kept');
    await dialogButton(t('restore.submit')).click();
    await closed();
    await snapshotLine('kept').waitFor();
    await button(page, t('action.show')).click();
    await waitForScreen(page, AT_PROMPT);
    await page.getByTestId('screen').focus();
    await typeCommand(page, 'type a.txt');

    await waitForScreen(page, /type a\.txt\s+before\s/);
  });

  test('a clone of a snapshot and a fork of the running machine have lives of their own', async () => {
    await toManager();
    await openSnapshots('freedos');
    await snapshotLine('second').click({ button: 'right' });
    await page.getByRole('menuitem', { name: t('snapshots.clone') }).click();
    await page.getByRole('dialog').getByLabel(t('create.name')).fill('clone');
    await dialogButton(t('clone.submit')).click();
    await closed();
    await row(page, 'clone').waitFor();
    await snapshotLine(t('snapshots.present')).click();
    const tools = page.getByRole('toolbar', { name: t('snapshots.toolbar') });
    await tools.getByRole('button', { name: t('snapshots.fork') }).click();
    await page.getByRole('dialog').getByLabel(t('create.name')).fill('fork');
    await dialogButton(t('fork.submit')).click();
    await closed();
    await waitForState(row(page, 'fork'), 'running');

    await row(page, 'fork').dblclick();
    await waitForScreen(page, /type a\.txt\s+before\s/);
    await page.getByTestId('screen').focus();
    await typeCommand(page, 'echo fork>a.txt');
    await waitForScreen(page, AT_PROMPT);
    await toManager();
    await row(page, 'freedos').dblclick();
    // What is typed before its picture is there goes nowhere.
    await waitForScreen(page, AT_PROMPT);
    await page.getByTestId('screen').focus();
    await typeCommand(page, 'ver');
    await waitForScreen(page, /FreeCom version/);
    await typeCommand(page, 'type a.txt');

    await waitForScreen(page, /type a\.txt\s+before\s+A:\\>\s*$/);
  });

  test('a snapshot in the middle is deleted, what came after it stays', async () => {
    await take('third');
    await toManager();
    await openSnapshots('freedos');
    await snapshotLine('second').click();
    await page.getByRole('tree', { name: t('snapshots.tree', { name: 'freedos' }) }).press('Delete');
    await snapshotLine('second').waitFor({ state: 'detached' });

    const { id } = (await machineOf('freedos')) ?? { id: '' };
    await expect
      .poll(
        async () => {
          const listed = await call(page, 'snapshots.list', { machine: id });
          return listed.ok ? listed.value.snapshots.map(({ name }) => name).sort() : listed.error;
        },
        { timeout: 30_000 },
      )
      .toEqual(['first', 'kept', 'third']);
    await snapshotLine('third').waitFor();
    await snapshotLine('kept').waitFor();
  });

  test('a snapshot has another name and a note, written where they stand', async () => {
    await snapshotLine('third').click();
    const details = page.locator('aside');
    await details.getByLabel(t('snapshots.note')).fill('after all');
    await details.getByLabel(t('snapshots.name')).fill('last');
    await page.keyboard.press('Tab');

    await snapshotLine('last').waitFor();
    const { id } = (await machineOf('freedos')) ?? { id: '' };
    const listed = await call(page, 'snapshots.list', { machine: id });
    expect(listed.ok && listed.value.snapshots.find(({ name }) => name === 'last')?.note).toBe('after all');
  });

  test('two states are compared: what each holds, what both do, and what only one of them has', async () => {
    await snapshotLine('last').click();
    await button(page, t('snapshots.compare')).click();
    const dialog = page.getByRole('dialog');
    const cells = (name: string) => dialog.getByRole('row').filter({ hasText: name }).getByRole('cell').allInnerTexts();
    await dialog.getByRole('row', { name: t('compare.total') }).waitFor();
    // The machine runs: of its present state the disk alone is stored.
    expect((await cells(t('drive.floppyA'))).every((text) => /^[\d.]+ (?:B|KiB|MiB)$/.test(text))).toBe(true);
    expect((await cells(t('snapshots.memory')))[1]).toBe('–');

    await dialog.getByRole('combobox', { name: t('compare.second') }).click();
    await page.getByRole('option', { name: 'kept' }).click();
    await expect.poll(() => cells(t('snapshots.memory'))).not.toContain('–');
    await page.keyboard.press('Escape');
    await closed();
  });

  test('the floppy is changed while the machine runs', async () => {
    const imported = await call(page, 'media.import', {
      path: guestImage('mikeos.img'),
      name: `MikeOS ${language}`,
      kind: 'floppy',
    });
    expect(imported.ok).toBe(true);
    await row(page, 'freedos').dblclick();
    await page.getByTestId('screen').waitFor();
    await chooseFromMenu(page, t('window.media'), `MikeOS ${language}`);
    await page.getByTestId('screen').focus();
    await typeCommand(page, 'dir');

    await waitForScreen(page, /KERNEL\s+BIN/);
  });

  const machineOf = async (name: string) => {
    const listed = await call(page, 'machines.list', {});
    return listed.ok ? listed.value.machines.find(({ config }) => config.name === name)?.config : undefined;
  };

  test('two guests run side by side, each in its own window', async () => {
    await toManager();
    await row(page, 'fork').dblclick();
    await waitForScreen(page, AT_PROMPT);
    const opening = scene.nextWindow();
    await chooseFromMenu(page, t('window.view'), t('window.ownWindow'));
    const other = await opening;
    await waitForScreen(other, AT_PROMPT);
    await page.bringToFront();
    await toManager();
    await row(page, 'freedos').dblclick();
    await waitForScreen(page, AT_PROMPT);
    await other.bringToFront();

    await other.getByTestId('screen').focus();
    await typeCommand(other, 'type a.txt');
    await waitForScreen(other, /type a\.txt\s+fork\s/);
    await page.bringToFront();
    await page.getByTestId('screen').focus();
    await typeCommand(page, 'ver');
    await waitForScreen(page, /FreeCom version/);
    await other.close();
  });

  test('what cannot be done is told in words of the language: what, why, what to do, and the code', async () => {
    await toManager();
    await button(page, t('action.new')).click();
    const dialog = page.getByRole('dialog', { name: t('create.title') });
    await dialog.getByRole('switch', { name: t('create.expert') }).check({ force: true });
    const sayings: string[] = [];
    const create = async (code: string): Promise<void> => {
      await dialog.getByRole('button', { name: t('create.submit'), exact: true }).click();
      const alert = dialog.locator(`[role=alert][data-code="${code}"]`);
      sayings.push((await alert.innerText()).replaceAll(/\s+/g, ' '));
    };
    const name = dialog.getByRole('textbox', { name: t('create.name'), exact: true });
    await name.fill(' ');
    await dialog.getByRole('button', { name: t('create.submit'), exact: true }).click();
    await dialog.getByText(t('create.problem.name'), { exact: true }).waitFor();
    await name.fill('Fork');
    await dialog.getByText(t('create.problem.nameTaken')).waitFor();
    await name.fill('other');
    await dialog
      .getByRole('radiogroup', { name: t('create.image') })
      .getByText(t('create.imageFrom.path'))
      .click();
    await dialog.getByLabel(t('create.path')).fill(import.meta.filename);
    await dialog.getByText(t('create.noBoot')).waitFor();
    await dialog.getByLabel(t('create.path')).fill('/nowhere/dos.img');
    await create('file.missing');
    expect(await name.inputValue()).toBe('other');
    await page.keyboard.press('Escape');
    await closed();
    await row(page, 'fork').click();
    await page.getByRole('tab', { name: t('details.tab.details') }).click();
    await page.getByRole('button', { name: t('edit.change', { label: t('details.name') }) }).click();
    await page.getByRole('textbox', { name: t('details.name'), exact: true }).fill('freedos');
    await page.getByText(t('create.problem.nameTaken'), { exact: true }).waitFor();
    await page.keyboard.press('Escape');

    expect(sayings).toEqual(
      {
        en: ['There is no such file /nowhere/dos.img: no such file. Check the name and the folder. Code: file.missing'],
        ko: ['파일이 없습니다 /nowhere/dos.img 파일이 없습니다. 이름과 폴더를 확인하세요. 코드: file.missing'],
      }[language],
    );
  });
});

describe.each(STAGES)('the wizard in $name', (stage) => {
  test('makes a machine of every template, with its parts', async () => {
    const scene = await stage.open({ ...ENGLISH, width: 1280, height: 800 });
    const { page } = scene;
    const t = wordsOf('en');
    const offered = MACHINE_TEMPLATES.filter(({ id, unavailable }) => id !== DEBIAN_PACKAGES && !unavailable);
    for (const { id } of offered) {
      await button(page, 'New').click();
      const dialog = page.getByRole('dialog', { name: 'New machine' });
      await dialog.getByRole('switch', { name: 'Expert mode' }).check({ force: true });
      await dialog.getByRole('radio', { name: t(`template.${id}`), exact: true }).click();
      await dialog.getByRole('button', { name: 'Create' }).click();
      await dialog.waitFor({ state: 'detached' });
      await row(page, t(`template.${id}`)).waitFor();
    }

    const listed = await call(page, 'machines.list', {});
    const made = new Map(listed.ok ? listed.value.machines.map(({ config }) => [config.template, config]) : []);
    for (const { id, hardware, diskBytes } of offered) {
      expect(made.get(id), id).toMatchObject(hardware);
      expect(made.get(id)?.disks.length, id).toBe(diskBytes > 0 ? 1 : 0);
    }
    await groupsByHand(page, made.get('bsd')?.id ?? '');
    await scene.close();
  });
});

describe.each(STAGES)("Debian from this computer's packages, in $name", (stage) => {
  /** To be downloaded, or to boot, beside another test. */
  const BOOT_MS = 300_000;

  test('is built by two clicks, can be cancelled, and keeps what is written', { timeout: 3 * BOOT_MS }, async () => {
    const scene = await stage.open(ENGLISH);
    const { page, libraryFolder } = scene;
    // What was downloaded for any test is not downloaded again.
    fs.mkdirSync(path.join(libraryFolder, 'cache'), { recursive: true });
    fs.mkdirSync(debianCache, { recursive: true });
    fs.symlinkSync(debianCache, path.join(libraryFolder, 'cache/debian'));
    const dialog = page.getByRole('dialog', { name: 'New machine' });

    await button(page, "Debian Linux from this computer's packages").click();
    await dialog.getByRole('button', { name: 'Create' }).click();
    await dialog.getByRole('progressbar').waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await dialog.getByText(wordsOf('en')('tasks.cancelledHere')).waitFor();
    expect(await machineNames(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('application').waitFor({ timeout: BOOT_MS });
    await waitForScreen(page, new RegExp(`${DEBIAN_PROMPT}\\s*$`), BOOT_MS);
    await page.getByTestId('screen').focus();
    await typeCommand(page, 'df', DEBIAN_PROMPT);

    await waitForScreen(page, /\/dev\/sda +996780 /);
    // What machines of the library can do, it can: a clone has what its disk held at the snapshot.
    await typeCommand(page, 'echo kept>k', DEBIAN_PROMPT);
    await typeCommand(page, 'sync', DEBIAN_PROMPT);
    await waitForScreen(page, new RegExp(`sync\\s+${DEBIAN_PROMPT}\\s*$`));
    const listed = await call(page, 'machines.list', {});
    const id = (listed.ok && listed.value.machines[0]?.config.id) || '';
    const taken = await call(page, 'snapshots.take', { machine: id, name: 'kept' });
    const snapshot = taken.ok ? { snapshot: taken.value.id } : {};
    const clone = await call(page, 'machines.clone', { id, name: 'Clone', ...snapshot });
    await call(page, 'machines.stop', { id });
    await button(page, 'Machines').click();
    await startFromList(page, 'Clone');
    await waitForScreen(page, new RegExp(`${DEBIAN_PROMPT}\\s*$`), BOOT_MS);
    await page.getByTestId('screen').focus();
    await typeCommand(page, 'cat k', DEBIAN_PROMPT);
    await waitForScreen(page, /cat k\s+kept\s/);
    expect([taken.ok, clone.ok]).toEqual([true, true]);
    await scene.close();
  });
});

/** A machine is dragged into a group; two that are selected together are moved to one that did not exist, and cloned. */
async function groupsByHand(page: Page, bsd: string): Promise<void> {
  const groupOf = async (name: string): Promise<string | undefined> => {
    const listed = await call(page, 'machines.list', {});
    return listed.ok ? listed.value.machines.find(({ config }) => config.name === name)?.config.group : undefined;
  };
  await call(page, 'machines.update', { id: bsd, changes: { group: 'Unix' } });
  await row(page, 'Linux 32-bit').dragTo(row(page, 'Unix'));
  await expect.poll(() => groupOf('Linux 32-bit')).toBe('Unix');

  await row(page, 'Windows XP').click();
  await row(page, 'Windows 2000').click({ modifiers: ['Control'] });
  await chooseFromMenu(page, 'More', 'Move to a group…');
  await page.getByRole('dialog').getByLabel('Group').fill('Windows/NT');
  await page.getByRole('dialog').getByRole('button', { name: 'Move' }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });

  expect([await groupOf('Windows XP'), await groupOf('Windows 2000')]).toEqual(['Windows/NT', 'Windows/NT']);
  await row(page, 'NT').waitFor();
  await chooseFromMenu(page, 'More', 'Clone…');
  await page.getByRole('dialog', { name: 'Clone 2 machines' }).getByRole('button', { name: 'Clone' }).click();
  await row(page, 'Clone of Windows 2000').waitFor();
  await row(page, 'Clone of Windows XP').waitFor();
}
