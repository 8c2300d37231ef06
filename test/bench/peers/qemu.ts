/** QEMU with its software emulation (TCG), set up to boot as fast as it can: no network card, floppy first. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { PICTURE_POLL_MS, parsePpm, shows, type DesktopRun, type PictureCondition } from './picture.ts';
import { PeerProcess, type KernelRun } from './process.ts';

const TEXT_POLL_MS = 20;
const TEXT_VRAM = 0xb8000;
const TEXT_BYTES = 80 * 25 * 2;

function start(memoryMiB: number, more: readonly string[]): PeerProcess {
  const board = [
    '-accel',
    'tcg',
    '-m',
    `${memoryMiB}`,
    '-display',
    'none',
    '-vga',
    'std',
    '-net',
    'none',
    '-no-reboot',
  ];
  return new PeerProcess('qemu-system-i386', [...board, ...more]);
}

function startFloppy(image: string, memoryMiB: number, extra: readonly string[]): PeerProcess {
  const floppy = ['-boot', 'order=a', '-drive', `if=floppy,index=0,format=raw,readonly=on,file=${image}`];
  return start(memoryMiB, [...floppy, ...extra]);
}

/** A kernel started directly, its first serial port on standard output. */
export function qemuKernel(guest: KernelRun, more: readonly string[] = []): PeerProcess {
  const { kernel, initrd, commandLine, memoryMiB } = guest;
  const direct = ['-kernel', kernel, '-initrd', initrd, '-append', commandLine];
  return start(memoryMiB, [...direct, '-monitor', 'none', '-serial', 'stdio', ...more]);
}

/** A QMP connection: one command at a time, resolved by its answer; events are skipped. */
class Monitor {
  readonly #socket: net.Socket;
  #received = '';
  #answer: ((error?: Error) => void) | undefined;

  private constructor(socket: net.Socket) {
    this.#socket = socket;
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => this.#receive(text));
    socket.on('close', () => this.#answer?.(new Error('QEMU closed its monitor')));
    socket.on('error', () => socket.destroy());
  }

  static async connect(socketPath: string, qemu: PeerProcess): Promise<Monitor> {
    for (;;) {
      const socket = net.connect(socketPath);
      const connected = await new Promise<boolean>((resolve) => {
        socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      });
      if (connected) {
        const monitor = new Monitor(socket);
        await monitor.execute('qmp_capabilities');
        return monitor;
      }
      if (qemu.ended !== undefined) throw new Error(qemu.ended);
      await delay(5);
    }
  }

  #receive(text: string): void {
    this.#received += text;
    for (let end = this.#received.indexOf('\n'); end >= 0; end = this.#received.indexOf('\n')) {
      const message = JSON.parse(this.#received.slice(0, end)) as { return?: unknown; error?: { desc: string } };
      this.#received = this.#received.slice(end + 1);
      if (message.error) this.#answer?.(new Error(message.error.desc));
      else if (message.return !== undefined) this.#answer?.();
    }
  }

  async execute(command: string, args: Record<string, unknown> = {}): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#answer = (error) => (error ? reject(error) : resolve());
      this.#socket.write(`${JSON.stringify({ execute: command, arguments: args })}\n`);
    });
    this.#answer = undefined;
  }
}

const delay = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** The characters of the text screen in display memory, one string a row. */
export function textRows(memory: Uint8Array): string {
  const rows: string[] = [];
  for (let row = 0; row < 25; row++) {
    const cells = memory.subarray(row * 160, row * 160 + 160).filter((_, i) => i % 2 === 0);
    rows.push(String.fromCharCode(...cells).trimEnd());
  }
  return rows.join('\n');
}

interface ScreenOptions {
  readonly timeoutMs: number;
  readonly workDir: string;
}

/** QEMU with a floppy, and the monitor through which its screen is looked at. */
class WatchedQemu {
  readonly process: PeerProcess;
  readonly #monitor: Monitor;
  readonly #options: ScreenOptions;

  private constructor(qemu: PeerProcess, monitor: Monitor, options: ScreenOptions) {
    this.process = qemu;
    this.#monitor = monitor;
    this.#options = options;
  }

  static async start(image: string, memoryMiB: number, options: ScreenOptions): Promise<WatchedQemu> {
    const socketPath = path.join(options.workDir, `qmp-${process.pid}.sock`);
    const qemu = startFloppy(image, memoryMiB, [
      ...['-monitor', 'none', '-serial', 'none', '-qmp', `unix:${socketPath},server=on,wait=off`],
    ]);
    try {
      return new WatchedQemu(qemu, await Monitor.connect(socketPath, qemu), options);
    } catch (error) {
      await qemu[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #until(pollMs: number, what: string, look: (dump: string) => Promise<boolean>): Promise<number> {
    const { timeoutMs, workDir } = this.#options;
    while (this.process.elapsedMs < timeoutMs) {
      if (await look(path.join(workDir, 'screen.bin'))) return this.process.elapsedMs;
      await delay(pollMs);
    }
    throw new Error(`QEMU: no ${what} within ${timeoutMs} ms`);
  }

  /** Milliseconds from process start. */
  untilText(pattern: RegExp): Promise<number> {
    return this.#until(TEXT_POLL_MS, String(pattern), async (dump) => {
      await this.#monitor.execute('pmemsave', { val: TEXT_VRAM, size: TEXT_BYTES, filename: dump });
      return pattern.test(textRows(fs.readFileSync(dump)));
    });
  }

  /** Milliseconds from process start. */
  untilPicture(condition: PictureCondition): Promise<number> {
    return this.#until(PICTURE_POLL_MS, 'desktop', async (dump) => {
      await this.#monitor.execute('screendump', { filename: dump });
      return shows(parsePpm(fs.readFileSync(dump)), condition);
    });
  }

  async press(key: string): Promise<void> {
    await this.#monitor.execute('send-key', { keys: [{ type: 'qcode', data: key }] });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process[Symbol.asyncDispose]();
  }
}

/** Milliseconds from process start until the text screen matches. */
export async function qemuFloppyUntilScreen(
  image: string,
  { until, memoryMiB, ...options }: { until: RegExp; memoryMiB: number } & ScreenOptions,
): Promise<number> {
  await using qemu = await WatchedQemu.start(image, memoryMiB, options);
  return await qemu.untilText(until);
}

/** Milliseconds from process start until the desktop is there. */
export async function qemuUntilDesktop(run: DesktopRun, options: ScreenOptions): Promise<number> {
  await using qemu = await WatchedQemu.start(run.image, run.memoryMiB, options);
  await qemu.untilText(new RegExp(run.menu));
  await qemu.press('ret');
  return await qemu.untilPicture(run.until);
}

/** Milliseconds between two markers on the first serial port, and the text of the second. */
export async function qemuFloppyBetween(
  image: string,
  options: { from: RegExp; to: RegExp; memoryMiB: number; timeoutMs: number },
): Promise<{ ms: number; to: RegExpExecArray }> {
  await using qemu = startFloppy(image, options.memoryMiB, ['-monitor', 'none', '-serial', 'stdio']);
  const from = await qemu.output(options.from, options.timeoutMs);
  const to = await qemu.output(options.to, options.timeoutMs);
  return { ms: to.ms - from.ms, to: to.match };
}

export interface QemuSnapshots {
  readonly saveMs: number;
  readonly saveBytes: number;
  readonly againMs: number;
  readonly againBytes: number;
  readonly loadMs: number;
  readonly deleteMs: number;
}

/** savevm once the guest is up, a second later again and once more, loadvm of the last, delvm of the middle one. */
export async function qemuSnapshots(
  guest: KernelRun,
  options: { up: RegExp; timeoutMs: number; workDir: string; diskBytes: number },
): Promise<QemuSnapshots> {
  const socketPath = path.join(options.workDir, `qmp-${process.pid}.sock`);
  const disk = path.join(options.workDir, 'savevm.qcow2');
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', disk, `${options.diskBytes}`]);
  await using qemu = start(guest.memoryMiB, [
    ...['-kernel', guest.kernel, '-initrd', guest.initrd, '-append', guest.commandLine],
    ...['-drive', `file=${disk},format=qcow2`, '-monitor', 'none', '-serial', 'stdio'],
    ...['-qmp', `unix:${socketPath},server=on,wait=off`],
  ]);
  await qemu.output(options.up, options.timeoutMs);
  await delay(1000);
  const monitor = await Monitor.connect(socketPath, qemu);
  const timed = async (command: string): Promise<number> => {
    const startMs = performance.now();
    await monitor.execute('human-monitor-command', { 'command-line': command });
    return performance.now() - startMs;
  };
  const bytes = (): number => fs.statSync(disk).blocks * 512;
  const empty = bytes();
  const saveMs = await timed('savevm first');
  const first = bytes();
  await delay(1000);
  const againMs = await timed('savevm second');
  const second = bytes();
  await timed('savevm third');
  const loadMs = await timed('loadvm third');
  const deleteMs = await timed('delvm second');
  return { saveMs, saveBytes: first - empty, againMs, againBytes: second - first, loadMs, deleteMs };
}
