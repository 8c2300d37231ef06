import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { RunStatus } from '../../core/machine/machine.ts';
import { HostClock } from './clocks.ts';
import { MachineRunner } from './runner.ts';
import { fakeFactory } from './testing/fake-machine.ts';

const board = { memoryMiB: 1, bootOrder: [], clock: 'host', engine: 'auto' } as const;

async function runnerOf(statuses: () => RunStatus, virtualClock = false) {
  let hostNs = 0;
  const hostClock = new HostClock(() => hostNs);
  const machine = await fakeFactory(board, {
    hostClock,
    wallClock: { nowMs: 0 },
    entropy: { fill() {} },
    floppies: [],
    disks: [],
    serial: [],
    log() {},
  });
  const run = vi.spyOn(machine, 'run').mockImplementation(() => statuses());
  const onStopped = vi.fn();
  const onError = vi.fn();
  const runner = new MachineRunner(machine, { hostClock, virtualClock, afterSlice() {}, onStopped, onError });
  const passMs = (ms: number): void => {
    for (let i = 0; i < ms; i++) {
      hostNs += 1e6;
      vi.advanceTimersByTime(1);
    }
  };
  return { runner, run, onStopped, onError, passMs, hostClock };
}

beforeEach(
  () =>
    void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'performance'] }),
);
afterEach(() => void vi.useRealTimers());

describe('the run loop', () => {
  test('sleeps through a wait instead of asking again and again', async () => {
    const { runner, run, passMs } = await runnerOf(() => ({ kind: 'idle', wakeNs: 1e9, latestNs: 1e9 }));
    runner.start();
    passMs(100);
    expect(run).toHaveBeenCalledTimes(1);
  });

  test('input wakes a waiting machine at once', async () => {
    const { runner, run, passMs } = await runnerOf(() => ({ kind: 'idle', wakeNs: Infinity, latestNs: Infinity }));
    runner.start();
    passMs(10);
    runner.wake();
    passMs(1);
    expect(run).toHaveBeenCalledTimes(2);
  });

  test('a guest that only ticks is woken late after a second, and in time again once somebody gives it input', async () => {
    const { runner, run, passMs } = await runnerOf(() => ({ kind: 'idle', wakeNs: 4e6, latestNs: 10e6 }));
    const wakesIn = (ms: number): number => {
      const before = run.mock.calls.length;
      passMs(ms);
      return run.mock.calls.length - before;
    };
    runner.start();

    const watched = wakesIn(1000);
    passMs(20);
    const late = wakesIn(500);
    runner.wake();
    const awake = wakesIn(500);

    expect([watched, late, awake]).toEqual([251, 50, 126]);
  });

  test('a paused machine does not run, and its clock leaves the pause out', async () => {
    const { runner, run, passMs, hostClock } = await runnerOf(() => ({ kind: 'running' }));
    runner.start();
    passMs(5);
    runner.pause();
    const calls = run.mock.calls.length;
    const pausedAtNs = hostClock.nowNs;
    passMs(1000);
    runner.wake();
    passMs(10);
    expect(run).toHaveBeenCalledTimes(calls);
    expect(hostClock.nowNs).toBe(pausedAtNs);
    runner.resume();
    passMs(5);
    expect(run.mock.calls.length).toBeGreaterThan(calls);
    expect(hostClock.nowNs).toBe(pausedAtNs + 5e6);
  });

  test('a stop is reported once, with its reason', async () => {
    const { runner, run, onStopped, passMs } = await runnerOf(() => ({ kind: 'stopped', reason: 'cpu-shutdown' }));
    runner.start();
    passMs(20);
    expect(onStopped.mock.calls).toEqual([['cpu-shutdown']]);
    expect(run).toHaveBeenCalledTimes(1);
  });

  test('an exception ends the run and is handed on', async () => {
    const { runner, onError, run, passMs } = await runnerOf(() => {
      throw new Error('defect');
    });
    runner.start();
    passMs(20);
    expect(onError).toHaveBeenCalledTimes(1);
    expect(run).toHaveBeenCalledTimes(1);
  });
});
