import { describe, expect, test } from 'vitest';
import { HostMachineClock, NS_PER_INSTRUCTION, VirtualMachineClock, type MachineClock } from './clock.ts';

describe('the virtual clock', () => {
  test('is instructions alone', () => {
    let retired = 0;
    const clock = new VirtualMachineClock(() => retired);
    const start = clock.nowNs;

    retired = 1000;

    expect([start, clock.nowNs]).toEqual([0, 1000 * NS_PER_INSTRUCTION]);
  });

  test('skips a wait, and never goes back', () => {
    let retired = 100;
    const clock = new VirtualMachineClock(() => retired);

    clock.skipTo(5000);
    const skipped = clock.nowNs;
    clock.skipTo(3000);
    const notBack = clock.nowNs;
    retired = 200;

    expect([skipped, notBack, clock.nowNs]).toEqual([5000, 5000, 5000 + 100 * NS_PER_INSTRUCTION]);
  });
});

describe('the clock that follows the host', () => {
  const setUp = (): { host: { nowNs: number }; clock: MachineClock } => {
    const host = { nowNs: 1e12 };
    return { host, clock: new HostMachineClock(host) };
  };

  test('starts at 0 whatever the host says, and runs with it', () => {
    const { host, clock } = setUp();
    const start = clock.nowNs;

    host.nowNs += 700;

    expect([start, clock.nowNs]).toEqual([0, 700]);
  });

  test('stands still when the host goes back', () => {
    const { host, clock } = setUp();
    host.nowNs += 700;
    const before = clock.nowNs;

    host.nowNs -= 300;

    expect([before, clock.nowNs]).toEqual([700, 700]);
  });

  test('waits at the next alarm until that has fired', () => {
    const { host, clock } = setUp();
    clock.setCap(1000);

    host.nowNs += 50_000;
    const capped = clock.nowNs;
    clock.setCap(2000);
    const next = clock.nowNs;
    clock.setCap(Infinity);

    expect([capped, next, clock.nowNs]).toEqual([1000, 2000, 50_000]);
  });

  test('gives up on alarms when it is too far behind', () => {
    const { host, clock } = setUp();
    clock.setCap(1000);

    host.nowNs += 1000 + HostMachineClock.MAX_LAG_NS;
    const behind = clock.nowNs;
    host.nowNs += 1;

    expect([behind, clock.nowNs]).toEqual([1000, 1001 + HostMachineClock.MAX_LAG_NS]);
  });

  test('does not skip a wait: the host’s time has to pass', () => {
    const { clock } = setUp();

    clock.skipTo(5000);

    expect(clock.nowNs).toBe(0);
  });

  test('goes on where it was saved, on another host’s clock', () => {
    const { host, clock } = setUp();
    host.nowNs += 12_345;
    clock.preSave();
    const otherHost = { nowNs: 77 };
    const copy = new HostMachineClock(otherHost);
    copy.state.baseNs = clock.state.baseNs;

    copy.postLoad();
    const loaded = copy.nowNs;
    otherHost.nowNs += 10;

    expect([loaded, copy.nowNs]).toEqual([12_345, 12_355]);
  });
});
