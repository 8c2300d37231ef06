import { expect, test } from 'vitest';
import { runProgram } from './dos.ts';

test('a DOS program keeps time by INT 08h, 1Ch, 1Ah, 15h/86h and a reprogrammed 8254', () => {
  const [halfSecond, fast, date] = runProgram('timer');

  const ticks = /^half a second: ticks (\w{4}) user (\w{4}) failed 0000$/.exec(halfSecond);
  expect(ticks?.slice(1).map((digits) => parseInt(digits, 16))).toSatisfy(
    ([bios, user]: number[]) => bios === user && (bios === 9 || bios === 10), // 500 ms are 9.1 ticks
  );
  expect(fast).toMatch(/^100 ms at 1 kHz: 00(63|64|65) counts down 0001$/);
  expect(date).toBe('date 2000 0101 hour and minute 0000');
});
