import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ToHost } from '../vm-host/protocol.ts';
import type { HostProcess } from './host-process.ts';
import { Reserve } from './reserve.ts';

class FakeProcess implements HostProcess {
  readonly pid: number;
  readonly posted: ToHost['kind'][] = [];
  killed = false;
  #exit: (() => void)[] = [];

  constructor(pid: number) {
    this.pid = pid;
  }
  post(message: ToHost): void {
    this.posted.push(message.kind);
  }
  onMessage(): void {}
  onExit(listener: Parameters<HostProcess['onExit']>[0]): void {
    this.#exit.push(() => listener({ code: 1, signal: null, reason: '' }));
  }
  kill(): void {
    this.killed = true;
  }
  end(): void {
    for (const listener of this.#exit) listener();
  }
}

let processes: FakeProcess[];
let reserve: Reserve;

beforeEach(() => {
  vi.useFakeTimers();
  processes = [];
  reserve = new Reserve(() => {
    const process = new FakeProcess(processes.length);
    processes.push(process);
    return process;
  });
});
afterEach(() => {
  reserve.dispose();
  vi.useRealTimers();
});

test('a start takes the process that is ready, and another is made ready when it has had its time', () => {
  vi.advanceTimersByTime(3000);

  const taken = reserve.launch('dos');

  expect(taken.pid).toBe(0);
  expect(processes.map(({ posted }) => posted)).toEqual([['prepare']]);
  vi.advanceTimersByTime(3000);
  expect(processes.map(({ posted }) => posted)).toEqual([['prepare'], ['prepare']]);
  expect(reserve.launch('dos 2').pid).toBe(1);
});

test('a start that comes before one is ready has a process of its own', () => {
  expect(reserve.launch('dos').pid).toBe(0);
  expect(processes[0].posted).toEqual([]);
});

test('a process that ended while it waited is not handed out', () => {
  vi.advanceTimersByTime(3000);
  processes[0].end();

  expect(reserve.launch('dos').pid).toBe(1);
});

test('it is given up when nothing is started for long, and with the app', () => {
  vi.advanceTimersByTime(3000);
  vi.advanceTimersByTime(60 * 60_000);
  expect(processes.map(({ killed }) => killed)).toEqual([true]);

  reserve.launch('dos');
  vi.advanceTimersByTime(3000);
  reserve.dispose();
  expect(processes.map(({ killed }) => killed)).toEqual([true, false, true]);
});
