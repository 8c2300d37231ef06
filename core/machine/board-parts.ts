import type { Device, DeviceLog, IoBus, TimerQueue } from '../bus/index.ts';
import type { Cpu } from '../cpu/index.ts';
import type { PcBackends, PcConfig } from './machine.ts';
import type { BoardMemory } from './memory-map.ts';

/** What can reset the whole board. */
export type ResetSource =
  'keyboard controller' | 'port 92h' | 'reset control register' | 'firmware' | 'processor shutdown' | 'host';

/** What parts ask of the board as a whole. Each takes effect after the instruction that caused it. */
export interface BoardSignals {
  setA20(source: 'a20Keyboard' | 'a20Port92', on: boolean): void;
  reset(source: ResetSource): void;
  powerOff(): void;
}

export interface BoardContext {
  readonly config: PcConfig;
  readonly backends: PcBackends;
  readonly memory: BoardMemory;
  readonly cpu: Cpu;
  readonly timers: TimerQueue;
  readonly log: DeviceLog;
  readonly signals: BoardSignals;
  readonly io: IoBus;
}

/** The board while it is wired: everything that parts are connected to, and the parts in the order they are saved in. */
export class BoardParts implements BoardContext {
  readonly devices: Device[] = [];
  readonly config: PcConfig;
  readonly backends: PcBackends;
  readonly memory: BoardMemory;
  readonly cpu: Cpu;
  readonly timers: TimerQueue;
  readonly log: DeviceLog;
  readonly signals: BoardSignals;
  readonly io: IoBus;

  constructor(context: BoardContext) {
    this.config = context.config;
    this.backends = context.backends;
    this.memory = context.memory;
    this.cpu = context.cpu;
    this.timers = context.timers;
    this.log = context.log;
    this.signals = context.signals;
    this.io = context.io;
  }

  add<D extends Device>(device: D): D {
    this.devices.push(device);
    return device;
  }
}

/** Reports each thing once. */
export function onceLog(report: (message: string) => void): DeviceLog {
  const seen = new Set<string>();
  return {
    unimplemented(device, what) {
      const message = `${device}: ${what}`;
      if (seen.has(message)) return;
      seen.add(message);
      report(`unimplemented: ${message}`);
    },
  };
}
