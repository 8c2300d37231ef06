import { expect, test } from 'vitest';
import { ModuleBuilder } from '../../wasm/index.ts';
import { CODE, REG, TestCpu } from '../cpu.fixture.ts';
import { declareImports } from '../interp/runtime.ts';
import { blockEffects } from './effects.ts';
import type { RegionPlan } from './plan.ts';
import type { RegionCompiler } from './regions.ts';
import { HOT } from './regions.ts';

const bit = (...registers: number[]): number => registers.reduce((bits, register) => bits | (1 << register), 0);

test.each([
  ['a register that the record names', [0x8b, 0xd8 /* MOV EBX, EAX */], { writes: bit(REG.BX), moves: false }],
  ['its high byte', [0xb7, 1 /* MOV BH, 1 */], { writes: bit(REG.BX), moves: false }],
  ['one that the instruction implies', [0x58 /* POP EAX */], { writes: bit(REG.AX, REG.SP), moves: false }],
  ['a shift, which may write nothing', [0xc1, 0xe2, 0 /* SHL EDX, 0 */], { writes: bit(REG.DX), moves: false }],
  ['memory', [0x89, 0x04, 0x24 /* MOV [ESP], EAX */], { writes: 0, moves: false }],
  ['TypeScript, which may do anything', [0x0f, 0xa2 /* CPUID */], { writes: 0xff, moves: true }],
  ['TypeScript that changes no register', [0x0f, 0x20, 0xc0 /* MOV EAX, CR0 */], { writes: bit(REG.AX), moves: true }],
])('a block writes %s', (_, instruction, effects) => {
  const plans: RegionPlan[] = [];
  const regionCompiler: RegionCompiler = {
    start: (requests) => void plans.push(...requests.map(({ plan }) => plan)),
    take: () => undefined,
  };
  const t = new TestCpu({ jit: 'auto', regionCompiler }).enterProtected();
  const LOOP = 0xe2, HLT = 0xf4; // prettier-ignore
  t.program(...instruction, LOOP, 0x100 - instruction.length - 2, HLT);
  for (let left = 3 * HOT; plans.length === 0 && left > 0; left--) {
    t.cpu.state.rip = CODE;
    t.cpu.state.setGpr(REG.CX, 2);
    t.cpu.state.setGpr(REG.SP, 0x1000);
    t.cpu.run(4);
  }

  const module = new ModuleBuilder();
  const [loop] = blockEffects(plans[0], module, declareImports(module));

  expect(loop).toEqual({ ...effects, writes: effects.writes | bit(REG.CX) });
});
