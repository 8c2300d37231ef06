import { describe, expect, test } from 'vitest';
import { FpuErrorLogic } from './fpu-error.ts';

const make = () => {
  const levels: boolean[] = [];
  const logic = new FpuErrorLogic('fpu-error', { set: (level) => void levels.push(level) });
  return { logic, irq: () => levels.at(-1) };
};

describe('the numeric error logic', () => {
  test('FERR# requests IRQ13 until port F0h is written', () => {
    const { logic, irq } = make();

    logic.setFerr(true);
    const requested = irq();
    logic.ioWrite(0, 0, 1, 0);

    expect(requested).toBe(true);
    expect(irq()).toBe(false);
  });

  test('the write asserts IGNNE# until the exception is cleared', () => {
    const { logic } = make();
    logic.setFerr(true);

    logic.ioWrite(0, 0, 1, 0);
    const during = logic.ignne;
    logic.setFerr(false);

    expect(during).toBe(true);
    expect(logic.ignne).toBe(false);
  });

  test('a write without an exception asserts nothing', () => {
    const { logic, irq } = make();

    logic.ioWrite(0, 0, 1, 0);

    expect(logic.ignne).toBe(false);
    expect(irq()).toBe(false);
  });

  test('port F1h changes nothing', () => {
    const { logic, irq } = make();
    logic.setFerr(true);

    logic.ioWrite(0, 1, 1, 0);

    expect(irq()).toBe(true);
    expect(logic.ignne).toBe(false);
  });
});
