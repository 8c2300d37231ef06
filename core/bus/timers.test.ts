import { expect, test } from 'vitest';
import { ManualClock, TimerQueue, advance } from './timers.ts';

function queue(): { clock: ManualClock; timers: TimerQueue; fired: string[] } {
  const clock = new ManualClock();
  return { clock, timers: new TimerQueue(clock), fired: [] };
}

test('an alarm fires once, at its own instant', () => {
  const { clock, timers, fired } = queue();
  const timer = timers.create('a', (deadline) => fired.push(`${deadline} at ${clock.nowNs}`));
  timer.arm(100);

  advance(clock, timers, 99);
  const early = [...fired];
  advance(clock, timers, 500);

  expect(early).toEqual([]);
  expect(fired).toEqual(['100 at 100']);
  expect(timer.deadlineNs).toBe(Infinity);
});

test('alarms fire by deadline, those of one instant by creation', () => {
  const { clock, timers, fired } = queue();
  const [a, b, c] = ['a', 'b', 'c'].map((id) => timers.create(id, () => fired.push(id)));

  c.arm(20);
  b.arm(20);
  a.arm(30);
  clock.nowNs = 40;
  timers.runDue();

  expect(fired).toEqual(['b', 'c', 'a']);
});

test('a callback that arms its own timer again is periodic', () => {
  const { clock, timers, fired } = queue();
  const timer = timers.create('tick', (deadline) => {
    fired.push(`${deadline}`);
    timer.arm(deadline + 10);
  });
  timer.arm(10);

  advance(clock, timers, 35);

  expect(fired).toEqual(['10', '20', '30']);
  expect(timers.nextDeadlineNs).toBe(40);
});

test('a callback that arms in the past fires again at the next call, not in the same one', () => {
  const { clock, timers, fired } = queue();
  const timer = timers.create('late', (deadline) => {
    fired.push(`${deadline}`);
    if (deadline < 30) timer.arm(deadline + 10);
  });
  timer.arm(10);
  clock.nowNs = 100;

  timers.runDue();
  const afterFirst = [...fired];
  timers.runDue();

  expect(afterFirst).toEqual(['10']);
  expect(fired).toEqual(['10', '20']);
});

test('an alarm that an earlier callback moved or disarmed does not fire', () => {
  const { clock, timers, fired } = queue();
  const first = timers.create('first', () => {
    fired.push('first');
    moved.arm(200);
    gone.disarm();
  });
  const moved = timers.create('moved', () => fired.push('moved'));
  const gone = timers.create('gone', () => fired.push('gone'));
  first.arm(10);
  moved.arm(20);
  gone.arm(20);

  clock.nowNs = 50;
  timers.runDue();

  expect(fired).toEqual(['first']);
  expect(timers.nextDeadlineNs).toBe(200);
});

test('arming again replaces the deadline', () => {
  const { clock, timers, fired } = queue();
  const timer = timers.create('a', (deadline) => fired.push(`${deadline}`));
  timer.arm(10);

  timer.arm(50);
  advance(clock, timers, 100);

  expect(fired).toEqual(['50']);
});

test('who waits is told when the earliest deadline moves, and only then', () => {
  const { timers } = queue();
  const told: number[] = [];
  timers.onChange = () => told.push(timers.nextDeadlineNs);
  const a = timers.create('a', () => {});
  const b = timers.create('b', () => {});

  a.arm(100);
  b.arm(200);
  b.arm(50);
  b.disarm();
  a.disarm();

  expect(told).toEqual([100, 50, 100, Infinity]);
});

test('a host that sleeps wakes for what a waiting processor would notice', () => {
  const { clock, timers, fired } = queue();
  const quiet = timers.create('quiet', () => fired.push('quiet'));
  const loud = timers.create('loud', () => fired.push('loud'));

  quiet.arm(10, 30);
  loud.arm(40);
  const wake = timers.nextWakeNs;
  clock.nowNs = 30;
  timers.runDue();

  expect([wake, timers.nextWakeNs, fired]).toEqual([30, 40, ['quiet']]);
});

test('an alarm that may be late does not let others be', () => {
  const { timers } = queue();
  const late = timers.create('late', () => {});
  const strict = timers.create('strict', () => {});

  late.arm(10, 10, 50);
  const alone = [timers.nextWakeNs, timers.latestWakeNs];
  strict.arm(30);

  expect([alone, timers.nextWakeNs, timers.latestWakeNs]).toEqual([[10, 50], 10, 30]);
});
