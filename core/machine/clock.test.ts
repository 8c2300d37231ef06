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
  const setUp = (): {
    host: { nowNs: number };
    cpu: { retired: number; stops: number };
    clock: MachineClock;
  } => {
    const host = { nowNs: 1e12 };
    const cpu = { retired: 0, stops: 0 };
    const clock = new HostMachineClock(
      host,
      () => cpu.retired,
      () => cpu.stops++,
    );
    return { host, cpu, clock };
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

  test('stands still within an instruction of a running machine', () => {
    const { host, cpu, clock } = setUp();
    clock.pin(Infinity);

    host.nowNs += 700;
    const within = clock.nowNs;
    cpu.retired++;
    const next = clock.nowNs;
    host.nowNs += 100;
    const still = clock.nowNs;
    clock.unpin();

    expect([within, next, still, clock.nowNs]).toEqual([0, 700, 700, 800]);
  });

  test('waits at the next alarm until that has fired', () => {
    const { host, clock } = setUp();
    clock.pin(1000);

    host.nowNs += 50_000;
    clock.pin(1000);
    const capped = clock.nowNs;
    clock.pin(2000);
    const next = clock.nowNs;
    clock.pin(Infinity);

    expect([capped, next, clock.nowNs]).toEqual([1000, 2000, 50_000]);
  });

  test('lets no guest that asks for the time wait for an alarm that is due', () => {
    const { host, cpu, clock } = setUp();
    clock.pin(1000);
    const ask = (afterNs: number): [nowNs: number, stops: number] => {
      host.nowNs += afterNs;
      cpu.retired++;
      return [clock.nowNs, cpu.stops];
    };

    const asked = [ask(999), ask(1), ask(1)];

    expect(asked).toEqual([
      [999, 0],
      [1000, 1],
      [1000, 2],
    ]);
  });

  test('gives up on alarms when it is too far behind', () => {
    const { host, cpu, clock } = setUp();
    clock.pin(1000);

    host.nowNs += 1000 + HostMachineClock.MAX_LAG_NS;
    cpu.retired++;
    const behind = clock.nowNs;
    host.nowNs += 1;
    cpu.retired++;

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
    const copy = new HostMachineClock(
      otherHost,
      () => 0,
      () => {},
    );
    copy.state.baseNs = clock.state.baseNs;

    copy.postLoad();
    const loaded = copy.nowNs;
    otherHost.nowNs += 10;

    expect([loaded, copy.nowNs]).toEqual([12_345, 12_355]);
  });

  test('and the virtual clock go on from each other’s images', () => {
    const { host, clock } = setUp();
    host.nowNs += 12_345;
    clock.state.instructions = 500;
    clock.preSave();
    const virtual = new VirtualMachineClock(() => 500);
    const following = new HostMachineClock(
      { nowNs: 77 },
      () => 500,
      () => {},
    );

    virtual.state.baseNs = clock.state.baseNs;
    Object.assign(following.state, { baseNs: virtual.state.baseNs, instructions: 500 });
    following.postLoad();

    expect([virtual.nowNs, following.nowNs]).toEqual([12_345, 12_345]);
  });
});
