import type { Disposable } from '../../core/base/index.ts';
import { decodeWindowMessage, type WindowMessage } from '../../core/contract/stream.ts';
import type { Machine } from '../../core/machine/machine.ts';
import type { ActivityMeter } from './activity.ts';
import type { MachineRunner } from './runner.ts';
import type { SerialLog } from './serial-log.ts';
import { SharedMemory } from './shared-memory.ts';
import { StreamSession } from './stream-session.ts';
import type { Window } from './stream-socket.ts';

const FRAME_MS = 1000 / 60;
/** A waiting guest's picture can still change: the cursor blinks. */
const IDLE_FRAME_MS = 100;
const STATUS_MS = 500;

export interface HubOptions {
  readonly machine: Machine;
  readonly runner: MachineRunner;
  readonly meter: ActivityMeter;
  readonly serial: readonly SerialLog[];
  readonly log: (message: string) => void;
}

/** Shows a machine to any number of windows and takes their input. Costs nothing while nobody watches. */
export class StreamHub implements Disposable {
  readonly #options: HubOptions;
  readonly #sharedMemory = new SharedMemory();
  readonly #sessions = new Set<StreamSession>();
  #timer: NodeJS.Timeout | undefined;
  #slicesShown = -1;
  #shownAtMs = 0;
  #size = '';
  #statusAt = { hostMs: performance.now(), instructions: 0, ...spent(), interpreted: 0, compiled: 0 };

  constructor(options: HubOptions) {
    this.#options = options;
  }

  /** Opens a window to which the machine's messages go by `send`. */
  open(send: (data: Uint8Array<ArrayBuffer>) => void): Window {
    const session = new StreamSession(send);
    this.#sessions.add(session);
    return {
      receive: (data) => this.#receive(session, data),
      close: () => {
        if (!this.#sessions.delete(session)) return;
        if (this.#sessions.size === 0) this.#options.machine.keyboard.releaseAll();
        this.#schedule();
      },
    };
  }

  /** Anything may arrive; what is malformed is logged and dropped. */
  #receive(session: StreamSession, data: Uint8Array): void {
    if (!this.#sessions.has(session)) return;
    const message = decodeWindowMessage(data);
    if (!message.ok) {
      this.#options.log(`${message.error.code}: ${message.error.message}`);
      return;
    }
    this.#handle(session, message.value);
  }

  #handle(session: StreamSession, message: WindowMessage): void {
    const { machine, runner, serial } = this.#options;
    switch (message.type) {
      case 'watch':
        if (session.watch(message)) serial.forEach((log, port) => session.sendSerial(port, log.recent));
        this.#slicesShown = -1;
        this.#schedule();
        return;
      case 'ack':
        session.acknowledge(message.sequence);
        return;
      case 'key':
        machine.keyboard.key(message.code, message.down);
        break;
      case 'release':
        machine.keyboard.releaseAll();
        break;
      case 'mouse':
        if (message.dx !== 0 || message.dy !== 0 || message.wheel !== 0)
          machine.mouse.move(message.dx, message.dy, message.wheel);
        machine.mouse.buttons(message.buttons);
        break;
      case 'pointer':
        machine.mouse.moveTo(message.x, message.y, message.wheel);
        machine.mouse.buttons(message.buttons);
        break;
      case 'type':
        machine.typist.type(message.text);
        break;
      case 'chord':
        machine.typist.chord(message.codes);
        break;
      case 'stop-typing':
        machine.typist.stop();
        break;
      case 'serial':
        machine.serial[message.port]?.receive(message.data.slice());
        break;
    }
    runner.wake();
  }

  /**
   * After each slice of the machine. Serial output does not wait for the next picture, and a guest that waits has painted
   * what it wanted to: its picture is whole, and does not wait either.
   */
  afterSlice(waits: boolean): void {
    this.#options.serial.forEach((log, port) => {
      const fresh = log.take();
      if (!fresh) return;
      this.#options.meter.note('serial');
      for (const session of this.#sessions) session.sendSerial(port, fresh);
    });
    if (waits && this.#timer && performance.now() - this.#shownAtMs >= FRAME_MS / 2) this.#tick();
  }

  dispose(): void {
    this.#sessions.clear();
    clearInterval(this.#timer);
  }

  /** One timer while a session watches the picture, the text or the status; none otherwise. */
  #schedule(): void {
    const watched = [...this.#sessions].some(({ watches }) => watches.frames || watches.text || watches.status);
    if (watched === (this.#timer !== undefined)) return;
    clearInterval(this.#timer);
    this.#timer = watched ? setInterval(() => this.#tick(), FRAME_MS) : undefined;
  }

  #tick(): void {
    const nowMs = performance.now();
    const { runner } = this.#options;
    if (runner.slices !== this.#slicesShown || nowMs - this.#shownAtMs >= IDLE_FRAME_MS) {
      this.#slicesShown = runner.slices;
      this.#shownAtMs = nowMs;
      this.#show();
    }
    if (nowMs - this.#statusAt.hostMs >= STATUS_MS) this.#status(nowMs);
  }

  #show(): void {
    const { display } = this.#options.machine;
    const sessions = [...this.#sessions];
    if (sessions.some((session) => session.readyForFrame)) {
      const changed = display.refresh();
      const { frame } = display;
      const size = `${frame.width}x${frame.height}`;
      for (const session of sessions) {
        session.note(changed, size !== this.#size);
        session.sendFrame(frame);
      }
      this.#size = size;
    }
    if (sessions.some(({ watches }) => watches.text)) {
      const rows = display.text();
      for (const session of sessions) session.sendText(rows);
    }
  }

  #status(nowMs: number): void {
    const { machine, runner, meter } = this.#options;
    const before = this.#statusAt;
    const hostMs = nowMs - before.hostMs;
    const { interpreted, compiled } = machine.stats?.().samples ?? { interpreted: 0, compiled: 0 };
    const samples = interpreted + compiled - before.interpreted - before.compiled;
    this.#statusAt = {
      hostMs: nowMs,
      instructions: machine.instructions,
      ...spent(),
      interpreted,
      compiled,
    };
    const shareOf = (field: 'busyMs' | 'guestMs'): number => (this.#statusAt[field] - before[field]) / hostMs;
    const activity = meter.take();
    const sharedBytes = this.#sharedMemory.bytes;
    for (const session of this.#sessions)
      session.sendStatus({
        type: 'status',
        paused: runner.paused,
        absolutePointer: machine.mouse.absolute,
        activity,
        guestNs: machine.nowNs,
        instructions: machine.instructions,
        instructionsPerSecond: Math.max(0, machine.instructions - before.instructions) / (hostMs / 1000),
        busyShare: shareOf('busyMs'),
        guestShare: shareOf('guestMs'),
        readBytes: meter.readBytes,
        writtenBytes: meter.writtenBytes,
        residentBytes: process.memoryUsage.rss(),
        sharedBytes,
        compiledShare: samples > 0 ? (compiled - before.compiled) / samples : 0,
        typingBytes: machine.typist.waiting,
      });
  }
}

/** Of the host's processor since the start, by all threads and by this one, on which the guest runs. */
function spent(): { readonly busyMs: number; readonly guestMs: number } {
  const inMs = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / 1000;
  return { busyMs: inMs(process.cpuUsage()), guestMs: inMs(process.threadCpuUsage()) };
}
