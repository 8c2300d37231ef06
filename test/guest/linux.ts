/** Debian's i386 kernel with busybox inside the test's process, on the virtual clock, spoken to over its serial console. */
import { readFileSync } from 'node:fs';
import type { Block } from '../../core/backends/index.ts';
import { once, unpackKernel } from '../../main/vm-host/unpack-kernel.ts';
import { sessionGuest } from '../fixtures/linux-guests.ts';
import { Guest, type GuestConfig } from './guest.ts';

/**
 * Messages on the screen and the serial port; the shell that init starts last is on the serial port. The kernel's
 * self-tests of its cryptography are left out: with them it takes four times as many instructions to start.
 */
export const COMMAND_LINE = 'console=tty0 console=ttyS0 cryptomgr.notests';
export const BOOT_LIMIT_MS = 120_000;
const COMMAND_LIMIT_MS = 120_000;

/** Unpacked by the host, as in the app: done by the guest that is two fifths of a boot. A reboot is left to the guest. */
export async function linuxConfig(commandLine = COMMAND_LINE): Promise<GuestConfig> {
  const { kernel, initrd } = await sessionGuest();
  const image = readFileSync(kernel);
  const modules = [{ name: initrd, bytes: readFileSync(initrd) }];
  const takeUnpacked = once(await unpackKernel(image));
  return { memoryMiB: 96, kernel: { image, takeUnpacked, modules, commandLine } };
}

export class Linux extends Guest {
  #read = 0;

  /** Powered on; see `boot`. */
  static async create(
    config: GuestConfig = {},
    media: { disks?: readonly Block[]; cdrom?: Uint8Array } = {},
  ): Promise<Linux> {
    return new Linux(undefined, { ...(await linuxConfig()), ...config }, media);
  }

  /** Runs until the serial port has sent this since the last call; returns what it sent before it. */
  untilSerial(wanted: RegExp, limitMs = COMMAND_LIMIT_MS): { before: string; match: RegExpExecArray } {
    let match: RegExpExecArray | null = null;
    let lookedAt = -1;
    const found = (): boolean => {
      if (this.serial.length === lookedAt) return false;
      lookedAt = this.serial.length;
      match = wanted.exec(this.serial.slice(this.#read));
      return match !== null;
    };
    this.runUntil(found, limitMs);
    return this.#taken(match!);
  }

  #taken(match: RegExpExecArray): { before: string; match: RegExpExecArray } {
    const before = this.serial.slice(this.#read, this.#read + match.index);
    this.#read += match.index + match[0].length;
    return { before, match };
  }

  /** To the shell on the serial port, which then reads commands without echo or prompt. */
  boot(): void {
    this.untilSerial(/BOOT-OK i686/, BOOT_LIMIT_MS);
    this.untilSerial(/\/ # /);
    // Its output not being a terminal keeps the shell from prompting and editing lines.
    this.send('stty -echo -onlcr; sh 2>&1 | tee /dev/null\n');
    this.sh('true');
  }

  send(text: string): void {
    this.machine.serial[0]!.receive(new TextEncoder().encode(text));
  }

  /** What a command prints on both its outputs. Throws when it fails. */
  sh(command: string, limitMs = COMMAND_LIMIT_MS): string {
    this.send(`${command}\necho "<exit $?>"\n`);
    const { before, match } = this.untilSerial(/<exit (\d+)>\n/, limitMs);
    if (match[1] !== '0') throw new Error(`${command}: exit status ${match[1]}\n${before}`);
    return before;
  }
}
