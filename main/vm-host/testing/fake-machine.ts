import { createHash } from 'node:crypto';
import type { DirtyRect, DisplaySource, Frame } from '../../../core/backends/index.ts';
import { ByteReader, ByteWriter, ok, type Result } from '../../../core/base/index.ts';
import type { Machine, PcBackends, PcConfig, RunStatus } from '../../../core/machine/machine.ts';
import { PhysicalMemory } from '../../../core/memory/index.ts';
import { GuestMemory } from '../../../core/snapshot/index.ts';
import type { MachineFactory } from '../build.ts';

const COLUMNS = 40;
const ROWS = 12;
const MS = 1e6;
/** Guest time between two typed characters. */
const KEY_NS = 10 * MS;
const MEMORY_BYTES = 2 << 20;
const BOOT_NS = 30 * MS;

/**
 * A machine for tests of the hosts: a prompt that echoes and knows a few words. `ver` answers after a while, `off`
 * powers off, `fault` shuts the processor down, `hang` never returns from run, `crash` throws, `exit` ends the process.
 * One pixel per character cell: lit when it is not blank.
 */
class FakeMachine implements Machine {
  nowNs = 0;
  instructions = 0;
  readonly #config: PcConfig;
  readonly #backends: PcBackends;
  #rows: string[] = [''];
  #line = '';
  #pending: { readonly atNs: number; readonly act: () => void }[] = [];
  #typedUntilNs = 0;
  #shown = '';
  #stopped: 'power-off' | 'cpu-shutdown' | undefined;

  constructor(config: PcConfig, backends: PcBackends) {
    this.#config = config;
    this.#backends = backends;
    this.#boot();
  }

  #boot(): void {
    this.#rows = [''];
    this.#line = '';
    this.#pending = [];
    const boot = new Uint8Array(16);
    this.#backends.floppies[0]?.read(0, boot);
    this.#at(BOOT_NS, () => {
      this.#print(`FakeDOS ${this.#config.memoryMiB} MiB\n`);
      this.#print(new TextDecoder('latin1').decode(boot).replace(/[^ -~]/g, '') + '\n');
      this.#print('A:\\>');
    });
  }

  #at(delayNs: number, act: () => void): void {
    this.#pending.push({ atNs: this.nowNs + delayNs, act });
    this.#pending.sort((a, b) => a.atNs - b.atNs);
  }

  #print(text: string): void {
    for (const char of text) {
      if (char === '\n' || this.#rows[this.#rows.length - 1].length === COLUMNS) this.#rows.push('');
      if (char !== '\n') this.#rows[this.#rows.length - 1] += char;
      this.#backends.serial[0]?.write(char.charCodeAt(0));
    }
    this.#rows = this.#rows.slice(-ROWS);
  }

  #press(char: string): void {
    this.#print(char);
    if (char !== '\n') {
      this.#line += char;
      return;
    }
    const line = this.#line;
    this.#line = '';
    if (line === 'off') this.#stopped = 'power-off';
    else if (line === 'fault') this.#stopped = 'cpu-shutdown';
    else if (line === 'hang') for (;;);
    else if (line === 'crash') throw new Error('the fake machine was told to crash');
    else if (line === 'exit') process.exit(77);
    else if (line === 'write') this.#backends.floppies[0]?.write(0, new TextEncoder().encode('WRITTEN'));
    else if (line === 'cls') this.#rows = [''];
    const answer =
      line === 'ver' ? 'FakeDOS version 1\n' : line === 'time' ? `${this.#backends.wallClock.nowMs}\n` : '';
    this.#at(50 * MS, () => this.#print(`${answer}A:\\>`));
  }

  run(untilNs: number): RunStatus {
    if (this.#stopped) return { kind: 'stopped', reason: this.#stopped };
    const endNs = this.#config.clock === 'virtual' ? untilNs : Math.min(untilNs, this.#backends.hostClock.nowNs);
    while (this.#pending.length > 0 && this.#pending[0].atNs <= endNs) {
      const next = this.#pending.shift();
      this.nowNs = Math.max(this.nowNs, next!.atNs);
      this.instructions += 1000;
      next!.act();
      if (this.#stopped) return { kind: 'stopped', reason: this.#stopped };
    }
    this.nowNs = Math.max(this.nowNs, endNs);
    if (this.#config.clock === 'virtual') return { kind: 'running' };
    const wakeNs = this.#pending[0]?.atNs ?? Infinity;
    return { kind: 'idle', wakeNs, latestNs: wakeNs };
  }

  readonly keyboard = {
    key: (code: string, down: boolean): boolean => {
      const letter = /^Key([A-Z])$/.exec(code)?.[1].toLowerCase() ?? (code === 'Enter' ? '\n' : undefined);
      if (letter && down) this.#at(0, () => this.#press(letter));
      return letter !== undefined;
    },
    releaseAll: (): void => {},
  };

  readonly mouse = { absolute: false, move: (): void => {}, moveTo: (): void => {}, buttons: (): void => {} };

  readonly typist = (() => {
    const isBusy = (): boolean => this.nowNs < this.#typedUntilNs;
    return {
      type: (text: string): void => {
        for (const char of text) {
          this.#typedUntilNs = Math.max(this.nowNs, this.#typedUntilNs) + KEY_NS;
          this.#at(this.#typedUntilNs - this.nowNs, () => this.#press(char));
        }
      },
      chord: (codes: readonly string[]): boolean => {
        if (codes.includes('NoSuchKey')) return false;
        this.#at(0, () => this.#print(`<${codes.join('+')}>`));
        return true;
      },
      get busy(): boolean {
        return isBusy();
      },
      waiting: 0,
      stop: (): void => {},
    };
  })();

  readonly serial = [
    { receive: (data: Uint8Array): void => this.#at(0, () => this.#print(new TextDecoder().decode(data))) },
  ];
  readonly floppies = [];

  readonly display: DisplaySource = (() => {
    const frame: Frame = { width: COLUMNS, height: ROWS, pixels: new Uint8ClampedArray(COLUMNS * ROWS * 4) };
    const text = (): string[] => Array.from({ length: ROWS }, (_, row) => (this.#rows[row] ?? '').padEnd(COLUMNS));
    return {
      frame,
      text,
      refresh: (): readonly DirtyRect[] => {
        const cells = text().join('');
        if (cells === this.#shown) return [];
        this.#shown = cells;
        for (let i = 0; i < cells.length; i++)
          frame.pixels.fill(cells[i] === ' ' ? 0 : 255, i * 4, i * 4 + 3).fill(255, i * 4 + 3, i * 4 + 4);
        return [{ x: 0, y: 0, width: COLUMNS, height: ROWS }];
      },
    };
  })();

  reset(): void {
    this.#boot();
  }

  save(): Uint8Array {
    const out = new ByteWriter();
    out.f64(this.nowNs);
    out.text(this.#rows.join('\n'));
    const noise = new Uint8Array(8);
    this.#backends.entropy.fill(noise);
    out.raw(noise);
    return createHash('sha256').update(out.finish()).digest();
  }

  load(image: Uint8Array): Result<void> {
    return ok(void new ByteReader(image));
  }

  /** Its state is its screen: what a snapshot of it brings back. */
  saveState(): Uint8Array {
    const out = new ByteWriter();
    out.text(this.#rows.join('\n'));
    return out.finish();
  }

  loadState(image: Uint8Array): Result<void> {
    this.#rows = new ByteReader(image).text().split('\n');
    this.#pending = [];
    return ok(undefined);
  }

  readonly memory = (() => {
    const physical = new PhysicalMemory(new SharedArrayBuffer(MEMORY_BYTES));
    physical.mapRam(0, MEMORY_BYTES, 0);
    return new GuestMemory(physical, 0, MEMORY_BYTES, () => {});
  })();

  describe(): Readonly<Record<string, readonly string[]>> {
    return { fake: [`rows = ${this.#rows.length}`] };
  }
}

export const fakeFactory: MachineFactory = (config, backends) => new FakeMachine(config, backends);
