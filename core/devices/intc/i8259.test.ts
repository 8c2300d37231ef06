import { beforeEach, describe, expect, test } from 'vitest';
import { ProbeLine } from '../../bus/index.ts';
import { I8259Pair } from './i8259-pair.ts';
import { I8259_RANGE, type I8259Pic } from './i8259.ts';

const ICW4_8086 = 0x01;
const ICW4_AEOI = 0x02;
const ICW4_SFNM = 0x10;
const EOI = 0x20;
const READ_IRR = 0x0a;
const READ_ISR = 0x0b;
const POLL = 0x0c;

let intr: ProbeLine;
let pair: I8259Pair;
let master: I8259Pic;
let slave: I8259Pic;

const command = (pic: I8259Pic, value: number): void => pic.ioWrite(I8259_RANGE.REGISTERS, 0, 1, value);
const data = (pic: I8259Pic, value: number): void => pic.ioWrite(I8259_RANGE.REGISTERS, 1, 1, value);
const elcr = (pic: I8259Pic, value: number): void => pic.ioWrite(I8259_RANGE.ELCR, 0, 1, value);
const status = (pic: I8259Pic): number => pic.ioRead(I8259_RANGE.REGISTERS, 0, 1);

function readWith(pic: I8259Pic, ocw3: number): number {
  command(pic, ocw3);
  return status(pic);
}

function init(masterIcw4 = ICW4_8086, slaveIcw4 = ICW4_8086, icw1 = 0x11): void {
  for (const [pic, base, icw3, icw4] of [
    [master, 0x08, 0x04, masterIcw4],
    [slave, 0x70, 0x02, slaveIcw4],
  ] as const) {
    command(pic, icw1);
    data(pic, base);
    data(pic, icw3);
    data(pic, icw4);
  }
}

function pulse(irq: number): void {
  pair.lines[irq].set(false);
  pair.lines[irq].set(true);
}

beforeEach(() => {
  intr = new ProbeLine();
  pair = new I8259Pair(intr);
  ({ master, slave } = pair);
  init();
});

describe('delivery', () => {
  test('a rising edge interrupts with the vector of its input', () => {
    pulse(0);

    expect(intr.level).toBe(true);
    expect(pair.acknowledge()).toBe(0x08);
    expect(intr.level).toBe(false);
  });

  test('a slave input comes through the cascade with the slave’s vector, in service in both', () => {
    pulse(12);

    expect(pair.acknowledge()).toBe(0x74);
    expect(readWith(slave, READ_ISR)).toBe(0x10);
    expect(readWith(master, READ_ISR)).toBe(0x04);
  });

  test('a line that stays high interrupts once in edge mode', () => {
    pulse(3);
    pair.acknowledge();
    command(master, EOI);

    expect(intr.level).toBe(false);
    expect(readWith(master, READ_IRR)).toBe(0);
  });

  test('a second edge during service interrupts after the EOI', () => {
    pulse(3);
    pair.acknowledge();
    pulse(3);

    expect(intr.level).toBe(false);
    command(master, EOI);
    expect(intr.level).toBe(true);
    expect(pair.acknowledge()).toBe(0x0b);
  });

  test('a lower input waits for the higher one’s EOI, a higher one interrupts it', () => {
    pulse(4);
    pair.acknowledge();
    pulse(6);
    expect(intr.level).toBe(false);
    pulse(1);
    expect(pair.acknowledge()).toBe(0x09);

    command(master, EOI);
    expect(intr.level).toBe(false);
    command(master, EOI);
    expect(pair.acknowledge()).toBe(0x0e);
  });

  test('two slave requests are served one after the other', () => {
    pulse(8);
    pulse(14);
    expect(pair.acknowledge()).toBe(0x70);
    expect(intr.level).toBe(false);

    command(slave, EOI);
    command(master, EOI);

    expect(intr.level).toBe(true);
    expect(pair.acknowledge()).toBe(0x76);
  });

  test('a masked input is latched and interrupts when it is unmasked', () => {
    data(master, 0x08);
    pulse(3);
    expect(intr.level).toBe(false);
    expect(readWith(master, READ_IRR)).toBe(0x08);

    data(master, 0);

    expect(pair.acknowledge()).toBe(0x0b);
  });

  test('nothing can be wired to IRQ2', () => {
    pulse(2);

    expect(intr.level).toBe(false);
  });
});

describe('withdrawn requests', () => {
  test('a line that drops before the acknowledge takes INTR and IRR back', () => {
    pulse(5);
    pair.lines[5].set(false);

    expect(intr.level).toBe(false);
    expect(readWith(master, READ_IRR)).toBe(0);
  });

  test('the acknowledge of a withdrawn request gives IRQ7’s vector and puts nothing in service', () => {
    pulse(5);
    pair.lines[5].set(false);

    expect(pair.acknowledge()).toBe(0x0f);
    expect(readWith(master, READ_ISR)).toBe(0);
  });

  test('a request that only the slave lost gives IRQ15’s vector with the cascade in service', () => {
    pulse(10);
    // The master has committed itself; the slave loses the request between the two INTA pulses.
    data(slave, 0xff);
    master.lines[2].set(true);

    expect(pair.acknowledge()).toBe(0x77);
    expect(readWith(slave, READ_ISR)).toBe(0);
    expect(readWith(master, READ_ISR)).toBe(0x04);
  });
});

describe('level mode', () => {
  test('ELCR takes only the inputs that may be level-triggered', () => {
    elcr(master, 0xff);
    elcr(slave, 0xff);

    expect(master.ioRead(I8259_RANGE.ELCR, 0, 1)).toBe(0xf8);
    expect(slave.ioRead(I8259_RANGE.ELCR, 0, 1)).toBe(0xde);
  });

  test('IRR follows the level, and a level that stays interrupts again after the EOI', () => {
    elcr(slave, 0x08);
    pair.lines[11].set(true);
    expect(pair.acknowledge()).toBe(0x73);
    expect(readWith(slave, READ_IRR)).toBe(0x08);

    command(slave, EOI);
    command(master, EOI);

    expect(intr.level).toBe(true);
    pair.lines[11].set(false);
    expect(intr.level).toBe(false);
    expect(readWith(slave, READ_IRR)).toBe(0);
  });

  test('LTIM makes every input level-triggered', () => {
    init(ICW4_8086, ICW4_8086, 0x19);
    pair.lines[3].set(true);
    pair.acknowledge();

    command(master, EOI);

    expect(intr.level).toBe(true);
  });
});

describe('initialization', () => {
  test('ICW1 forgets edges, masks and service; a line that is still high must rise again', () => {
    data(master, 0xf0);
    pulse(3);
    pair.acknowledge();
    pulse(1);

    init();

    expect(intr.level).toBe(false);
    expect(readWith(master, READ_ISR)).toBe(0);
    expect(master.ioRead(I8259_RANGE.REGISTERS, 1, 1)).toBe(0);
    pulse(1);
    expect(pair.acknowledge()).toBe(0x09);
  });

  test('a single chip without ICW4 is ready after ICW2', () => {
    command(master, 0x12);
    data(master, 0x47);
    data(master, 0xfe);
    pulse(0);

    expect(master.ioRead(I8259_RANGE.REGISTERS, 1, 1)).toBe(0xfe);
    expect(pair.acknowledge()).toBe(0x40);
  });

  test('a hard reset keeps the input wires, a power-on reset does not', () => {
    elcr(master, 0x20);
    pair.lines[5].set(true);

    master.reset('hard');
    expect(master.state.lines).toBe(0x20);
    expect(master.state.elcr).toBe(0);
    master.reset('power');
    expect(master.state.lines).toBe(0);
  });
});

describe('end of interrupt', () => {
  test('a specific EOI ends the level it names and leaves the higher one', () => {
    pulse(4);
    pair.acknowledge();
    pulse(1);
    pair.acknowledge();

    command(master, 0x64);

    expect(readWith(master, READ_ISR)).toBe(0x02);
  });

  test('automatic EOI leaves nothing in service', () => {
    init(ICW4_8086 | ICW4_AEOI);
    pulse(1);
    pulse(6);

    expect(pair.acknowledge()).toBe(0x09);
    expect(readWith(master, READ_ISR)).toBe(0);
    expect(intr.level).toBe(true);
    expect(pair.acknowledge()).toBe(0x0e);
  });

  test('with automatic EOI in both chips a second slave request reaches the edge-triggered master', () => {
    init(ICW4_8086 | ICW4_AEOI, ICW4_8086 | ICW4_AEOI);
    pulse(9);
    pulse(13);

    expect(pair.acknowledge()).toBe(0x71);
    expect(intr.level).toBe(true);
    expect(pair.acknowledge()).toBe(0x75);
    expect(intr.level).toBe(false);
  });
});

describe('rotation', () => {
  const orderOf = (...irqs: number[]): number[] => {
    irqs.forEach(pulse);
    return irqs.map(() => {
      const vector = pair.acknowledge();
      command(master, EOI);
      return vector & 7;
    });
  };

  test('set priority makes the next input the highest', () => {
    command(master, 0xc4);

    expect(orderOf(0, 3, 4, 5, 7)).toEqual([5, 7, 0, 3, 4]);
  });

  test('rotate on non-specific EOI sends the served level to the end', () => {
    pulse(4);
    pair.acknowledge();

    command(master, 0xa0);

    expect(readWith(master, READ_ISR)).toBe(0);
    expect(orderOf(4, 5, 1)).toEqual([5, 1, 4]);
  });

  test('rotate on specific EOI ends and demotes the level it names', () => {
    pulse(3);
    pair.acknowledge();

    command(master, 0xe3);

    expect(readWith(master, READ_ISR)).toBe(0);
    expect(orderOf(3, 4)).toEqual([4, 3]);
  });

  test('rotation in automatic EOI mode shares the processor until it is switched off', () => {
    init(ICW4_8086 | ICW4_AEOI);
    command(master, 0x80);
    pulse(4);
    pair.acknowledge();
    pulse(4);
    pulse(6);
    expect(pair.acknowledge()).toBe(0x0e);
    expect(pair.acknowledge()).toBe(0x0c);

    command(master, 0x00);
    pulse(7);
    pair.acknowledge();

    expect(master.state.lowestPriority).toBe(4);
  });
});

describe('special modes', () => {
  test('poll acknowledges by reading: bit 7 and the input', () => {
    pulse(3);

    expect(readWith(master, POLL)).toBe(0x83);
    expect(readWith(master, READ_ISR)).toBe(0x08);
    expect(intr.level).toBe(false);
  });

  test('poll without a request reads bit 7 clear, and only the next read is a poll', () => {
    expect(readWith(master, POLL) & 0x80).toBe(0);
    data(master, 0x5a);

    expect(master.ioRead(I8259_RANGE.REGISTERS, 1, 1)).toBe(0x5a);
  });

  test('special mask lets every unmasked level through while a masked one is in service', () => {
    pulse(3);
    pair.acknowledge();
    data(master, 0x08);
    pulse(6);
    expect(intr.level).toBe(false);

    command(master, 0x68);

    expect(pair.acknowledge()).toBe(0x0e);
  });

  test('in special mask mode a non-specific EOI passes over the masked level', () => {
    pulse(3);
    pair.acknowledge();
    data(master, 0x08);
    command(master, 0x68);
    pulse(6);
    pair.acknowledge();

    command(master, EOI);

    expect(readWith(master, READ_ISR)).toBe(0x08);
  });

  test('special fully nested: a higher request of the slave interrupts a lower one', () => {
    init(ICW4_8086 | ICW4_SFNM);
    pulse(14);
    pair.acknowledge();
    pulse(3);
    expect(intr.level).toBe(false);

    pulse(8);

    expect(intr.level).toBe(true);
    expect(pair.acknowledge()).toBe(0x70);
  });

  test('special fully nested: the slave still waits for a higher input of the master', () => {
    init(ICW4_8086 | ICW4_SFNM);
    pulse(1);
    pair.acknowledge();

    pulse(8);

    expect(intr.level).toBe(false);
  });

  test('without it the master holds a higher slave request back', () => {
    pulse(14);
    pair.acknowledge();

    pulse(8);

    expect(intr.level).toBe(false);
  });
});
