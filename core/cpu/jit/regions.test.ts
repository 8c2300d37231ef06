/** Compiling beside the guest: it goes on in tier 0, and takes what is ready, unless its code has changed. */
import { expect, test } from 'vitest';
import { CODE, REG, TestCpu } from '../cpu.fixture.ts';
import { ModuleBuilder } from '../../wasm/index.ts';
import { declareImports } from '../interp/runtime.ts';
import { compileRegions, type CompiledRegions } from './compile-regions.ts';
import { blockEffects } from './effects.ts';
import { Flow } from './flow.ts';
import type { RegionPlan } from './plan.ts';
import { RecordView } from './record-copy.ts';
import { RegionBuilder } from './region-builder.ts';
import { Survey } from './windows.ts';
import { HOT, type RegionCompiler } from './regions.ts';

const INC_AX = 0x40, INC_BX = 0x43, LOOP = 0xe2, HLT = 0xf4; // prettier-ignore
const CMP_AX_CX = [0x39, 0xc8], JB = 0x72; // prettier-ignore

/** INC AX; LOOP, often enough to be hot; a compiler that is ready when the test says so. */
function hotLoop() {
  const waiting: CompiledRegions[] = [];
  let ready = false;
  const regionCompiler: RegionCompiler = {
    start: (requests) => void waiting.push(compileRegions(requests)),
    take: () => (ready ? waiting[0] : undefined),
  };
  const finish = (): void => void (ready = true);
  const t = new TestCpu({ jit: 'auto', regionCompiler });
  t.program(INC_AX, LOOP, 0xfd, HLT);
  const round = (): number => {
    t.cpu.state.setGpr(REG.AX, 0);
    t.cpu.state.setGpr(REG.BX, 0);
    t.cpu.state.setGpr(REG.CX, 3 * HOT);
    t.cpu.state.rip = CODE;
    t.wake();
    t.cpu.run(1 << 20);
    return t.reg16(REG.AX);
  };
  return { t, waiting, finish, round };
}

test('the guest goes on while its hot code is compiled, and nothing is compiled twice', () => {
  const { t, waiting, round } = hotLoop();

  expect([round(), round()]).toEqual([3 * HOT, 3 * HOT]);

  expect([waiting.length, t.cpu.regions.compiled]).toEqual([1, 0]);
});

test('what is compiled runs from then on', () => {
  const { t, finish, round } = hotLoop();
  round();

  finish();

  const { hot } = t.cpu.stats().exits;
  expect(round()).toBe(3 * HOT);
  expect(t.cpu.regions.compiled).toBe(1);
  expect(t.cpu.stats().exits.hot).toBe(hot);
});

test('code that was written while it was compiled is not taken', () => {
  const { t, finish, round } = hotLoop();
  round();

  t.program(INC_BX, LOOP, 0xfd, HLT);
  finish();
  t.cpu.regions.poll();

  expect(t.cpu.regions.compiled).toBe(0);
  expect([round(), t.reg16(REG.BX)]).toEqual([0, 3 * HOT]);
});

test('a condition is read off the operands of the comparison before it, not off flags', () => {
  const plans: RegionPlan[] = [];
  const regionCompiler: RegionCompiler = {
    start: (requests) => void plans.push(...requests.map(({ plan }) => plan)),
    take: () => undefined,
  };
  const t = new TestCpu({ jit: 'auto', regionCompiler });
  t.program(INC_AX, ...CMP_AX_CX, JB, 0xfb, HLT);
  t.cpu.state.setGpr(REG.AX, 0);
  t.cpu.state.setGpr(REG.CX, 3 * HOT);
  t.cpu.run(1 << 20);

  const module = new ModuleBuilder();
  const imports = declareImports(module);
  const { body } = module.addFunction(imports.handlerType);
  const [plan] = plans;
  const flow = new Flow(plan.graph);
  const survey = new Survey(blockEffects(plan, module, imports));
  const source = { ...plan, flow, view: new RecordView(plan.records), survey, stage: 'accesses' as const };
  new RegionBuilder(body, source, 0, imports).build();

  // i32.const FFFFh, i32.and, i32.lt_u: both operands cleaned, and compared.
  expect(Buffer.from(body.code.bytes()).indexOf(Buffer.from([0x41, 0xff, 0xff, 0x03, 0x71, 0x49]))).toBeGreaterThan(0);
});

/** A compiler that has its answer at the next look, and what it was asked for. */
function compilerAtHand(): { readonly plans: RegionPlan[]; readonly regionCompiler: RegionCompiler } {
  const plans: RegionPlan[] = [];
  let compiled: CompiledRegions | undefined;
  const regionCompiler: RegionCompiler = {
    start: (requests) => {
      plans.push(...requests.map(({ plan }) => plan));
      compiled = compileRegions(requests);
    },
    take: () => {
      const taken = compiled;
      compiled = undefined;
      return taken;
    },
  };
  return { plans, regionCompiler };
}

test('a function that was compiled by itself becomes part of its caller’s region', () => {
  const CALL = 0xe8, RET = 0xc3, FUNCTION = CODE + 0x20; // prettier-ignore
  const { plans, regionCompiler } = compilerAtHand();
  const t = new TestCpu({ jit: 'auto', regionCompiler });
  // Twice a round, so that the function is hot first.
  t.program(CALL, 0x1d, 0x00, CALL, 0x1a, 0x00, LOOP, 0xf8, HLT).load(FUNCTION, INC_AX, RET);
  t.cpu.state.setGpr(REG.AX, 0);
  t.cpu.state.setGpr(REG.CX, 3 * HOT);

  while (t.cpu.run(1000) !== 'halted');

  const offsets = plans.map(({ blocks }) => blocks.map(({ offset }) => offset));
  expect(t.reg16(REG.AX)).toBe(6 * HOT);
  expect(offsets[0]).toEqual([FUNCTION & 0xfff]);
  expect(offsets.slice(1).some((blocks) => blocks.length > 1 && blocks.includes(FUNCTION & 0xfff))).toBe(true);
});

test('a loop that is longer than a region becomes one region, instead of one for each block', () => {
  const { plans, regionCompiler } = compilerAtHand();
  const t = new TestCpu({ jit: 'auto', regionCompiler });
  const ROUNDS = 8 * HOT;
  // Twelve times 50 of INC AX and a jump to what follows; DEC CX; JNZ to the beginning.
  const body = Array.from({ length: 12 }, () => [...Array.from({ length: 50 }, () => INC_AX), 0xeb, 0x00]).flat();
  const back = -(body.length + 5) & 0xffff;
  t.program(...body, 0x49, 0x0f, 0x85, back & 0xff, back >> 8, HLT);
  t.cpu.state.setGpr(REG.AX, 0);
  t.cpu.state.setGpr(REG.CX, ROUNDS);

  while (t.cpu.run(10_000) !== 'halted');

  const { regions } = t.cpu;
  const sizes = plans.map(({ blocks }) => blocks.length);
  expect(t.reg16(REG.AX)).toBe((600 * ROUNDS) & 0xffff);
  // 25 blocks, of which a region begun with one has 12 at most.
  expect(sizes.length).toBeLessThan(20);
  expect(Math.max(...sizes)).toBeGreaterThan(20);
  expect(regions.forgotten).toBeGreaterThan(0);
});
