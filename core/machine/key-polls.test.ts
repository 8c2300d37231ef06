/** A boot sector asks INT 16h for keys on a host clock that moves by being read: whether the machine stands meanwhile. */
import { expect, test } from 'vitest';
import { MemoryBlock } from '../formats/index.ts';
import type { RunStatus } from './machine.ts';
import { SECTOR, TestPc, report } from './pc.fixture.ts';

const READ_TAKES_NS = 20_000;
const SLICE_MS = 5;
const ASK = [0xb4, 0x01, 0xcd, 0x16]; // MOV AH,1; INT 16h
const PREPARE = [0xdb, 0xe3, 0xd9, 0xee, 0x31, 0xc9, 0x31, 0xd2]; // FNINIT; FLDZ; XOR CX,CX; XOR DX,DX

/** Asks, does `between`, asks again until there is a key, which it reports. */
function asking(between: readonly number[], enabled = true): TestPc & { skip: (ns: number) => void } {
  const back = -(ASK.length + between.length + 2) & 0xff;
  const program = [enabled ? 0xfb : 0xfa, ...PREPARE, ...between, ...ASK, 0x74, back, ...report('K'), 0xfa, 0xf4];
  const image = new Uint8Array(2880 * SECTOR);
  image.set(program);
  image.set([0x55, 0xaa], SECTOR - 2);
  let nowNs = 0;
  const hostClock = {
    get nowNs() {
      return (nowNs += READ_TAKES_NS);
    },
  };
  const pc = new TestPc({ clock: 'host' }, { hostClock, floppies: [new MemoryBlock(image, { readOnly: true })] });
  return Object.assign(pc, { skip: (ns: number) => void (nowNs += ns) });
}

function untilIdle(pc: TestPc, slices: number): RunStatus['kind'] {
  let kind: RunStatus['kind'] = 'running';
  for (let i = 0; i < slices && kind === 'running'; i++) kind = pc.machine.run(Infinity, SLICE_MS).kind;
  return kind;
}

test('a program that only asks for a key waits for the next interrupt, and has the key at once', () => {
  const pc = asking([]);

  const asked = untilIdle(pc, 60);
  pc.machine.keyboard.key('KeyA', true);
  for (let i = 0; i < 20 && pc.text === ''; i++) {
    pc.skip(1e6);
    untilIdle(pc, 1);
  }

  expect(asked).toBe('idle');
  expect(pc.text).toBe('K');
});

test.each<[does: string, between: number[]]>([
  ['counts in a register', [0x41]], // INC CX
  ['counts in memory', [0x83, 0x06, 0x00, 0x05, 0x01, 0x83, 0x16, 0x02, 0x05, 0x00]], // ADD word [500h],1; ADC word [502h],0
  ['calculates in the coprocessor', [0xd9, 0xe8, 0xde, 0xc1]], // FLD1; FADDP
  ['reads a port', [0xe4, 0x61]], // IN AL,61h
  ['reads the time-stamp counter', [0x0f, 0x31]], // RDTSC
])('a program that %s between its questions is never held up', (_does, between) => {
  const pc = asking(between);

  expect(untilIdle(pc, 60)).toBe('running');
  expect(pc.machine.instructions).toBeGreaterThan(20_000);
});

test('nor is one that has interrupts off', () => {
  expect(untilIdle(asking([], false), 60)).toBe('running');
});
