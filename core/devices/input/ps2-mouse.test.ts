import { describe, expect, it } from 'vitest';
import { ManualClock, TimerQueue, advance } from '../../bus/index.ts';
import type { MouseInput } from '../../backends/index.ts';
import { Ps2MouseDevice } from './ps2-mouse.ts';

const clock = (): { clock: ManualClock; timers: TimerQueue } => {
  const manual = new ManualClock();
  return { clock: manual, timers: new TimerQueue(manual) };
};

class Bench {
  readonly time = clock();
  readonly mouse = new Ps2MouseDevice('mouse', this.time.timers);

  constructor(...commands: number[]) {
    this.mouse.reset();
    this.command(...commands);
  }
  command(...bytes: number[]): number[] {
    return bytes.flatMap((byte) => {
      this.mouse.write(byte);
      return this.drain();
    });
  }
  drain(): number[] {
    const bytes: number[] = [];
    while (this.mouse.hasData) bytes.push(this.mouse.take()!);
    return bytes;
  }
  /** What comes within the next `ms`, the packets taken as they come. */
  packets(ms = 50): number[][] {
    const found = [this.drain()];
    for (let i = 0; i < ms; i++) {
      advance(this.time.clock, this.time.timers, this.time.clock.nowNs + 1_000_000);
      found.push(this.drain());
    }
    return found.filter((packet) => packet.length > 0);
  }
}

const WHEEL = [0xf3, 200, 0xf3, 100, 0xf3, 80];
const FIVE_BUTTONS = [0xf3, 200, 0xf3, 200, 0xf3, 80];

describe('PS/2 mouse', () => {
  it('passes its self test and says that it is a standard mouse', () => {
    expect(new Bench().command(0xff)).toEqual([0xfa, 0xaa, 0x00]);
    expect(new Bench().command(0xf2)).toEqual([0xfa, 0x00]);
  });

  it('becomes a wheel mouse, then a five-button mouse, by the sample rate knocks', () => {
    expect(new Bench(...WHEEL).command(0xf2)).toEqual([0xfa, 0x03]);
    expect(new Bench(...WHEEL, ...FIVE_BUTTONS).command(0xf2)).toEqual([0xfa, 0x04]);
    expect(new Bench(...WHEEL, 0xff).command(0xf2)).toEqual([0xfa, 0x00]);
  });

  it('reports motion with up as positive and buttons as the data sheet orders them', () => {
    const bench = new Bench(0xf4);
    const mouse: MouseInput = bench.mouse;

    mouse.move(5, 3, 0);
    expect(bench.packets()).toEqual([[0x28, 5, 0xfd]]);
    mouse.move(-1, -2, 0);
    expect(bench.packets()).toEqual([[0x18, 0xff, 2]]);
    mouse.buttons(0b110);
    expect(bench.packets()).toEqual([[0x0e, 0, 0]]);
  });

  it('splits a long way over several reports and keeps to the sample rate', () => {
    const bench = new Bench(0xf3, 20, 0xf4);

    bench.mouse.move(300, 0, 0);

    expect(bench.packets(40)).toEqual([[0x08, 255, 0]]);
    expect(bench.packets(40)).toEqual([[0x08, 45, 0]]);
  });

  it('does not lose a click that is shorter than a sample', () => {
    const bench = new Bench(0xf4);

    bench.mouse.buttons(1);
    bench.mouse.buttons(0);

    expect(bench.packets()).toEqual([
      [0x09, 0, 0],
      [0x08, 0, 0],
    ]);
  });

  it('adds the wheel, towards the user positive, and the side buttons', () => {
    const wheel = new Bench(...WHEEL, 0xf4);
    wheel.mouse.move(0, 0, -1);
    expect(wheel.packets()).toEqual([[0x08, 0, 0, 0xff]]);

    const five = new Bench(...FIVE_BUTTONS, 0xf4);
    five.mouse.buttons(0x18);
    five.mouse.move(0, 0, -1);
    expect(five.packets()).toEqual([
      [0x08, 0, 0, 0x30],
      [0x08, 0, 0, 0x3f],
    ]);
  });

  it('says nothing before it is enabled and forgets what happened meanwhile', () => {
    const bench = new Bench();

    bench.mouse.move(9, 9, 0);
    expect(bench.packets()).toEqual([]);
    bench.command(0xf4);

    expect(bench.packets()).toEqual([]);
  });

  it('reports on demand alone in remote mode', () => {
    const bench = new Bench(0xf0);

    bench.mouse.move(4, 0, 0);
    expect(bench.packets()).toEqual([]);

    expect(bench.command(0xeb)).toEqual([0xfa, 0x08, 4, 0]);
  });

  it('echoes in wrap mode until that is reset', () => {
    const bench = new Bench(0xee);

    expect(bench.command(0xf4, 0x12)).toEqual([0xf4, 0x12]);
    expect(bench.command(0xec, 0xf2)).toEqual([0xfa, 0xfa, 0x00]);
  });

  it('scales small movements down and large ones up at 2:1', () => {
    const moved = [1, 2, 3, 4, 5, 6, 10].map((count) => {
      const bench = new Bench(0xe7, 0xf4);
      bench.mouse.move(count, 0, 0);
      return bench.packets()[0][1];
    });

    expect(moved).toEqual([1, 1, 3, 6, 9, 12, 20]);
  });

  it('gives its settings back in the status', () => {
    const bench = new Bench(0xe8, 3, 0xf3, 40, 0xe7, 0xf4);
    bench.mouse.buttons(1);
    bench.packets();

    expect(bench.command(0xe9)).toEqual([0xfa, 0x34, 3, 40]);
  });

  it('refuses a resolution, a rate and a command that do not exist', () => {
    const bench = new Bench();

    expect(bench.command(0xe8, 9)).toEqual([0xfa, 0xfe]);
    expect(bench.command(0xf3, 33)).toEqual([0xfa, 0xfe]);
    expect(bench.command(0x12)).toEqual([0xfe]);
  });

  it('repeats its last packet on Resend', () => {
    const bench = new Bench(0xf4);
    bench.mouse.move(7, 0, 0);
    const [packet] = bench.packets();

    expect(bench.command(0xfe)).toEqual(packet);
  });
});
