/** Compiling beside the guest: it goes on in tier 0, and takes what is ready, unless its code has changed. */
import { expect, test } from 'vitest';
import { CODE, REG, TestCpu } from '../cpu.fixture.ts';
import { compileRegions, type CompiledRegions } from './encode-regions.ts';
import { HOT, type RegionCompiler } from './regions.ts';

const INC_AX = 0x40, INC_BX = 0x43, LOOP = 0xe2, HLT = 0xf4; // prettier-ignore

/** INC AX; LOOP, often enough to be hot; a compiler that is ready when the test says so. */
function hotLoop() {
  const waiting: CompiledRegions[] = [];
  let ready = false;
  const regionCompiler: RegionCompiler = {
    start: (requests, limits) => void waiting.push(compileRegions(requests, limits)),
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
