import { describe, expect, test } from 'vitest';
import { advance, ManualClock, TimerQueue, unconnected } from '../../bus/index.ts';
import { I8254Pit } from '../timer/i8254.ts';
import { DebugPort } from './debug-port.ts';
import { Port61 } from './port61.ts';
import { Port92 } from './port92.ts';

describe('port 61h', () => {
  const make = () => {
    const clock = new ManualClock();
    const timers = new TimerQueue(clock);
    const pit = new I8254Pit('pit', timers, unconnected);
    const port = new Port61('port61', pit, clock);
    const beep = (count: number): void => {
      pit.ioWrite(0, 3, 1, 0xb6);
      pit.ioWrite(0, 2, 1, count & 0xff);
      pit.ioWrite(0, 2, 1, count >> 8);
    };
    return { clock, timers, pit, port, beep };
  };

  test('sounds the pitch of counter 2 while gate and data are on', () => {
    const { clock, timers, port, beep } = make();
    beep(1193);

    port.ioWrite(0, 0, 1, 0x03);
    advance(clock, timers, 10_000);

    expect(port.speaker.frequencyHz).toBeCloseTo(1000.15, 2);
    port.ioWrite(0, 0, 1, 0x01);
    expect(port.speaker).toEqual({ frequencyHz: 0, level: false });
  });

  test('with the gate off the data bit moves the cone by hand', () => {
    const { port, beep } = make();
    beep(1193);

    port.ioWrite(0, 0, 1, 0x02);

    expect(port.speaker).toEqual({ frequencyHz: 0, level: true });
  });

  test('bit 5 reads OUT2, bits 0 to 3 read back, bits 6 and 7 are clear', () => {
    const { clock, timers, port, beep } = make();
    beep(1000);
    port.ioWrite(0, 0, 1, 0xff);

    advance(clock, timers, 100_000);
    const high = port.ioRead();
    advance(clock, timers, 600_000);
    const low = port.ioRead();

    expect(high & 0xef).toBe(0x2f);
    expect(low & 0xef).toBe(0x0f);
  });

  test('bit 4 toggles with every refresh, 15 us', () => {
    const { clock, timers, port } = make();
    let toggles = 0;
    let last = port.ioRead() & 0x10;

    for (let us = 1; us <= 15_085; us++) {
      advance(clock, timers, us * 1000);
      const now = port.ioRead() & 0x10;
      if (now !== last) toggles++;
      last = now;
    }

    expect(toggles).toBe(999);
  });

  test('a reset closes the gate of counter 2', () => {
    const { pit, port } = make();
    port.ioWrite(0, 0, 1, 0x01);

    port.reset('hard');

    expect(pit.state.gate2).toBe(false);
  });
});

describe('port 92h', () => {
  const make = () => {
    const calls: string[] = [];
    const port = new Port92('port92', {
      setA20: (enabled) => calls.push(`a20 ${enabled}`),
      reset: () => calls.push('reset'),
    });
    return { calls, port };
  };

  test('bit 1 opens A20 and reads back', () => {
    const { calls, port } = make();

    port.ioWrite(0, 0, 1, 0x02);
    port.ioWrite(0, 0, 1, 0x00);

    expect(calls).toEqual(['a20 true', 'a20 false']);
  });

  test('only the rise of bit 0 resets', () => {
    const { calls, port } = make();

    port.ioWrite(0, 0, 1, 0x03);
    port.ioWrite(0, 0, 1, 0x03);

    expect(calls.filter((call) => call === 'reset')).toHaveLength(1);
    expect(port.ioRead()).toBe(0x03);
  });

  test('shows in the register what the firmware does to A20', () => {
    const { calls, port } = make();

    port.gateA20(true);
    const open = port.ioRead();
    port.gateA20(false);

    expect([open, port.ioRead()]).toEqual([0x02, 0x00]);
    expect(calls).toEqual(['a20 true', 'a20 false']);
  });

  test('a load drives A20 again', () => {
    const { calls, port } = make();
    port.state.control = 0x02;

    port.postLoad();

    expect(calls).toEqual(['a20 true']);
  });
});

describe('the debug port', () => {
  test('hands bytes to the host and answers that it is there', () => {
    const bytes: number[] = [];
    const port = new DebugPort('debug', { write: (byte) => bytes.push(byte) });

    port.ioWrite(0, 0, 1, 0x41);

    expect(bytes).toEqual([0x41]);
    expect(port.ioRead()).toBe(0xe9);
  });
});
