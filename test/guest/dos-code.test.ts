import { expect, test } from 'vitest';
import { runProgram } from './dos.ts';

test('a DOS program that changes its own code runs what it wrote, and a timer tick in REP MOVSB loses nothing', () => {
  expect(runProgram('code')).toEqual([
    'immediate 0078 opcode 0004',
    'routine 1111 2222 erased 0001 overlap C031 0000',
    'differing 0000 in the middle 0001 elsewhere in it 0000',
  ]);
});
