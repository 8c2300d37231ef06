import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  decodeMachineMessage,
  encodeWindowMessage,
  machineDraftSchema,
  type Result,
  type TerrariumEvent,
} from '../../core/contract/index.ts';
import { askMachine } from '../vm-host/socket.ts';
import { forkLauncher } from './host-process.ts';
import { createServices, type Services } from './services.ts';

/** Two Terrariums on one library: an app with windows, and a command line beside it. */
const FAKE_ENTRY = join(import.meta.dirname, '../vm-host/testing/fake-entry.ts');

let folder: string;
let app: Services;
let commands: Services;
let heard: TerrariumEvent[];
let onHeard: () => void;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'terrarium-notices-'));
  const open = (listens: boolean) => {
    const launcher = forkLauncher(FAKE_ENTRY);
    return valueOf(
      createServices({
        ...{ shell: 'web', version: '0', libraryFolder: folder, launcher, detach: { entry: FAKE_ENTRY }, listens },
      }),
    );
  };
  heard = [];
  onHeard = () => {};
  app = open(true);
  commands = open(false);
  app.events((event) => {
    heard.push(event);
    onHeard();
  });
});
afterEach(async () => {
  await app.stopAll();
  commands.dispose();
  app.dispose();
  rmSync(folder, { recursive: true, force: true });
});

function valueOf<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

/** Resolves when the app has told its windows; what it tells later counts from here. */
function hears(fits: (event: TerrariumEvent) => boolean): Promise<void> {
  return new Promise((resolve) => {
    onHeard = () => {
      const at = heard.findIndex(fits);
      if (at < 0) return;
      heard.splice(0, at + 1);
      resolve();
    };
    onHeard();
  });
}
const is = (id: string, state: string) => (event: TerrariumEvent) =>
  event.event === 'machine.changed' && event.machine.config.id === id && event.machine.status.state === state;

const isListening = async (): Promise<void> => {
  while (!readdirSync(join(folder, 'run')).some((file) => file.endsWith('.listener')))
    await new Promise((resolve) => setImmediate(resolve));
};

test('windows see what commands do, and the end of a machine that nobody tells of', async () => {
  await isListening();
  const { handlers } = commands;
  const draft = machineDraftSchema.parse({ name: 'DOS', memoryMiB: 16, bootOrder: ['floppy'] });

  const { config } = valueOf(await handlers['machines.create'](draft));
  const { id } = config;
  await hears(is(id, 'stopped'));
  valueOf(await handlers['snapshots.take']({ machine: id, name: 'one', note: '', memory: true }));
  await hears((event) => event.event === 'snapshots.changed' && event.machine === id);
  valueOf(await handlers['media.create']({ name: 'disk', kind: 'disk', sizeBytes: 1 << 20 }));
  await hears(({ event }) => event === 'media.changed');
  valueOf(await handlers['machines.startHeadless']({ id }));
  await hears(is(id, 'running'));
  const prompt = Promise.withResolvers<void>();
  const typed = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  const window = valueOf(
    app.openStream(id, {
      onData: (data) => {
        const message = valueOf(decodeMachineMessage(data));
        const rows = message.type === 'text' ? (message.rows ?? []).map((row) => row.trimEnd()) : [];
        if (rows.includes('A:\\>')) prompt.resolve();
        if (rows.includes('A:\\>ver')) typed.resolve();
      },
      onClose: ended.resolve,
    }),
  );
  window.send(encodeWindowMessage({ type: 'watch', frames: true, text: true, serial: false, status: false }));
  await prompt.promise;
  window.send(encodeWindowMessage({ type: 'type', text: 'ver' }));
  await typed.promise;
  valueOf(await handlers['machines.pause']({ id }));
  await hears(is(id, 'paused'));
  const { pid } = valueOf(await askMachine(folder, id, 'status', {}));
  process.kill(pid, 'SIGKILL');
  await ended.promise;
  await hears(is(id, 'aborted'));
  valueOf(await handlers['machines.remove']({ id }));
  await hears((event) => event.event === 'machine.removed' && event.id === id);
});

test('commands see what a window has paused; a mark whose process was killed keeps nobody', async () => {
  writeFileSync(join(folder, 'run', '00000000-0000-4000-8000-000000000000.listener'), '');
  const { config } = valueOf(await app.handlers['machines.create'](machineDraftSchema.parse({ name: 'DOS' })));
  valueOf(await app.handlers['machines.start']({ id: config.id }));
  valueOf(await app.handlers['machines.pause']({ id: config.id }));

  const { machines } = valueOf(await commands.handlers['machines.list']({}));
  await app.told();

  expect(machines[0]?.status.state).toBe('paused');
  expect(readdirSync(join(folder, 'run')).filter((file) => file.startsWith('00000000'))).toEqual([]);
});
