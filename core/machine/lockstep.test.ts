import { afterEach, expect, test, vi } from 'vitest';
import { RegionState } from '../cpu/jit/region-state.ts';
import { LockstepDifference, LockstepMachine } from './lockstep.ts';
import type { Machine, PcBackends, PcConfig } from './machine.ts';
import { report, withRom } from './pc.fixture.ts';

/** 60,000 rounds of a call with arithmetic and a write in it. */
const LOOP = [
  ...[0xbc, 0x00, 0x40, 0xb9, 0x60, 0xea], // MOV SP,4000h; MOV CX,60000
  ...[0x51, 0xe8, 0x0a, 0x00, 0x59, 0xe2, 0xf9], // again: PUSH CX; CALL work; POP CX; LOOP again
  ...[...report('!'), 0xeb, 0xfe, 0x90, 0x90, 0x90], // JMP $
  ...[0x01, 0xc8, 0xf7, 0xd0, 0x01, 0xc3, 0xa3, 0x00, 0x20, 0xc3], // work: ADD AX,CX; NOT AX; ADD BX,AX; MOV [2000h],AX; RET
];
const END_NS = 10e6;

function pair(config: Partial<PcConfig> = {}, backends: Partial<PcBackends> = {}): [Machine, Machine] {
  const [reference, tested] = [withRom(LOOP, { engine: 'interpreter' }), withRom(LOOP, config, backends)];
  return [reference.machine, tested.machine];
}

function differenceOf(act: () => void): LockstepDifference {
  try {
    act();
  } catch (error) {
    if (error instanceof LockstepDifference) return error;
    throw error;
  }
  throw new Error('no difference');
}

afterEach(() => {
  vi.restoreAllMocks();
});

test.each(['auto', 'jit'] as const)('the engine %s and the interpreter stay together, input included', (engine) => {
  const machine = new LockstepMachine(...pair({ engine }));

  machine.run(END_NS);
  machine.keyboard.key('KeyA', true);
  machine.run(2 * END_NS);

  expect(() => machine.compare()).not.toThrow();
  expect(machine.stats().code.compiledRegions).toBeGreaterThan(0);
});

test.each(['auto', 'jit'] as const)('an instruction that the engine %s compiles wrong is found and named', (engine) => {
  // Compiled, a complement is a negation.
  vi.spyOn(RegionState.prototype, 'not').mockImplementation(RegionState.prototype.neg);
  const machine = new LockstepMachine(...pair({ engine }));

  const narrowed = differenceOf(() => machine.run(END_NS)).narrow()!;

  expect(narrowed.differences.join()).toMatch(/eax: [0-9a-f]{8} [0-9a-f]{8}/);
  expect(narrowed.history.find((line) => /not +ax/.test(line))).toContain('<- eax');
  const rounds = engine === 'jit' ? 2 : 10_000;
  expect(narrowed.instructions).toBeLessThan(rounds * 12);
});

test('a byte of memory that differs is found', () => {
  const [reference, tested] = pair();
  const machine = new LockstepMachine(reference, tested);
  machine.run(END_NS);
  tested.inside!.memory.write(0x3001, 1, 1);

  const { differences } = differenceOf(() => machine.compare());

  expect(differences).toEqual(['[00003000]: 00000000 00000100']);
});

test('a device that differs is named with its field', () => {
  const { differences } = differenceOf(
    () => new LockstepMachine(...pair({}, { wallClock: { nowMs: Date.UTC(2001, 1, 4, 4, 5, 6) } })),
  );

  expect(differences.join('\n')).toMatch(/^rtc: /m);
});
