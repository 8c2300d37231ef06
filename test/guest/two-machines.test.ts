/** Two systems at once, each in a process of its own under the services: one answers while the other computes. */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  decodeMachineMessage,
  encodeWindowMessage,
  machineDraftSchema,
  type MachineDraft,
  type WindowMessage,
} from '../../core/contract/index.ts';
import { forkLauncher } from '../../main/services/host-process.ts';
import { createServices, type Services } from '../../main/services/services.ts';
import { guestImage } from '../fixtures/guests.ts';
import { sessionGuest } from '../fixtures/linux-guests.ts';
import { COMMAND_LINE } from './linux.ts';

const TIMEOUT_MS = 600_000;
const ENTRY = path.resolve(import.meta.dirname, '../../main/vm-host/entry.ts');

let folder: string;
let services: Services;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'terrarium-two-'));
  const opened = createServices({
    shell: 'web',
    version: '0.0.0',
    libraryFolder: path.join(folder, 'library'),
    launcher: forkLauncher(ENTRY),
    supervisor: { lockFolder: path.join(folder, 'locks') },
  });
  if (!opened.ok) throw new Error(opened.error.message);
  services = opened.value;
});
afterEach(async () => {
  await services.stopAll();
  services.dispose();
  rmSync(folder, { recursive: true });
});

const valueOf = <T>(result: { ok: true; value: T } | { ok: false; error: { message: string } }): T => {
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
};

/** A window on a running machine that keeps its text screen and what its serial port sent. */
class Window {
  readonly id: string;
  screen = '';
  serial = '';
  instructions = 0;
  busyShare = 0;
  #changed: (() => void) | undefined;
  readonly #send: (message: WindowMessage) => void;

  constructor(id: string) {
    this.id = id;
    const stream = valueOf(
      services.openStream(id, { onData: (data) => this.#take(data), onClose: () => this.#changed?.() }),
    );
    this.#send = (message) => stream.send(encodeWindowMessage(message));
    this.#send({ type: 'watch', frames: false, text: true, serial: true, status: true });
  }

  #take(data: Uint8Array): void {
    const message = valueOf(decodeMachineMessage(data));
    if (message.type === 'text') this.screen = (message.rows ?? []).map((row) => row.trimEnd()).join('\n');
    if (message.type === 'serial') this.serial += new TextDecoder('latin1').decode(message.data);
    if (message.type === 'status') {
      this.instructions = message.instructions;
      this.busyShare = message.busyShare;
    }
    this.#changed?.();
  }

  type(text: string): void {
    this.#send({ type: 'type', text });
  }

  sendSerial(text: string): void {
    this.#send({ type: 'serial', port: 0, data: new TextEncoder().encode(text) });
  }

  /** Resolves when the condition holds; it is tried again with every message of the machine. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#changed = resolve;
      await promise;
    }
  }
}

async function start(draft: MachineDraft): Promise<Window> {
  const { config } = valueOf(await services.handlers['machines.create'](machineDraftSchema.parse(draft)));
  valueOf(await services.handlers['machines.start']({ id: config.id }));
  return new Window(config.id);
}

test(
  'FreeDOS and Linux run side by side, and each answers while the other computes',
  async () => {
    const { kernel, initrd } = await sessionGuest();
    const floppy = path.join(folder, 'freedos.img');
    copyFileSync(guestImage('freedos.img'), floppy);
    const linux = await start({
      name: 'Linux',
      memoryMiB: 96,
      kernel: { image: kernel, initrd: [initrd], append: COMMAND_LINE },
    });
    const dos = await start({
      name: 'DOS',
      memoryMiB: 16,
      floppies: [{ path: floppy, writable: true }],
    });

    // DOS answers while Linux boots,
    await dos.until(() => /^A:\\>$/m.test(dos.screen));
    dos.type('ver\n');
    await dos.until(() => dos.screen.includes('FreeCom version'));
    expect(linux.serial).not.toContain('BOOT-OK');
    // while Linux computes without an end,
    await linux.until(() => /BOOT-OK[^]*\/ # /.test(linux.serial));
    linux.sendSerial('while :; do :; done &\n');
    await linux.until(() => linux.serial.includes('[1]') || /&\r\n[^]*\/ # /.test(linux.serial));
    const before = linux.instructions;
    dos.type('echo one%nosuch%two\n');
    await dos.until(() => /^onetwo$/m.test(dos.screen));
    await linux.until(() => linux.instructions > before);
    // and Linux while DOS does so: a batch file that starts itself again.
    linux.sendSerial('kill $!; echo $((6 * 7))\n');
    dos.type('echo l>l.bat\nl\n');
    await dos.until(() => dos.busyShare > 0.2);
    await linux.until(() => /^42\r$/m.test(linux.serial));
    linux.sendSerial('seq 1 3 | tac\n');
    await linux.until(() => /^3\r\n2\r\n1\r$/m.test(linux.serial));
  },
  TIMEOUT_MS,
);
