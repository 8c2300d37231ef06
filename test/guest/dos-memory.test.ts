import { expect, test } from 'vitest';
import { runProgram } from './dos.ts';

test('a DOS program reaches the memory above 1 MiB by INT 15h and in unreal mode', () => {
  expect(runProgram('memory')).toEqual([
    'extended KiB 3BF0', // 15 of 16 MiB, less what the ACPI tables take
    'out 0000 in 0000 left 0000',
    expect.stringMatching(/^usable below (00FF [0-9A-F]{4}|0100 0000)$/),
    'unreal CAFE 4711 1234',
  ]);
});

test('a DOS program takes timer interrupts and a fault in 32-bit protected mode, and returns, three times', () => {
  expect(runProgram('protect')).toEqual(new Array(3).fill('ticks 0003 fault 0028 mode 0000'));
});
