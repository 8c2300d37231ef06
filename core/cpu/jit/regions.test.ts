/** Compiling beside the guest: it goes on in tier 0, and takes what is ready, unless its code has changed. */
import { expect, test } from 'vitest';
import { CODE, REG, TestCpu } from '../cpu.fixture.ts';
import { compileRegions } from './encode-regions.ts';
import { HOT } from './regions.ts';

const INC_AX = 0x40, INC_BX = 0x43, LOOP = 0xe2, HLT = 0xf4; // prettier-ignore

/** INC AX; LOOP, often enough to be hot; compilers that finish when the test says so. */
function hotLoop() {
  const waiting: (() => void)[] = [];
  const t = new TestCpu({
    jit: 'auto',
    compileLater: (requests, limits) =>
      new Promise((resolve) => {
        waiting.push(() => resolve(compileRegions(requests, limits)));
      }),
  });
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
  return { t, waiting, round };
}

test('the guest goes on while its hot code is compiled, and nothing is compiled twice', () => {
  const { t, waiting, round } = hotLoop();

  expect([round(), round()]).toEqual([3 * HOT, 3 * HOT]);

  expect([waiting.length, t.cpu.regions.compiled]).toEqual([1, 0]);
});

test('what is compiled runs from then on', async () => {
  const { t, waiting, round } = hotLoop();
  round();

  waiting[0]();
  await Promise.resolve();
  await Promise.resolve();

  expect(t.cpu.regions.compiled).toBe(1);
  const { hot } = t.cpu.stats().exits;
  expect(round()).toBe(3 * HOT);
  expect(t.cpu.stats().exits.hot).toBe(hot);
});

test('code that was written while it was compiled is not taken', async () => {
  const { t, waiting, round } = hotLoop();
  round();

  t.program(INC_BX, LOOP, 0xfd, HLT);
  waiting[0]();
  await Promise.resolve();
  await Promise.resolve();

  expect(t.cpu.regions.compiled).toBe(0);
  expect([round(), t.reg16(REG.BX)]).toEqual([0, 3 * HOT]);
});
