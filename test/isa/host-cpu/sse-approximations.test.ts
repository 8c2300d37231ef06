/**
 * RCPPS and RSQRTPS: each vendor has tables of its own, so the core is held to the manual's bound, a relative error of
 * 1.5 * 2^-12, and to the host wherever its result is no ordinary number. Variables as in host-cpu.test.ts.
 */
import { describe, expect, it } from 'vitest';
import { createCpuUnderTest } from '../connect.ts';
import { compareResults, describeCase, runOnCore } from './compare.ts';
import { dataImage } from './generator.ts';
import { runOnHost } from './truth.ts';
import { mixSeed } from './random.ts';
import { approximationForms, makeSseCase } from './sse-cases.ts';

const CASES_PER_FORM = Number(process.env['TERRARIUM_HOST_CPU_CASES'] ?? 40) * 10;
const SEED = Number(process.env['TERRARIUM_HOST_CPU_SEED'] ?? 1);
const BOUND = 1.5 * 2 ** -12;
const REGISTERS = 8 * 16;
const LEAST_NORMAL = 2 ** -126;

const isOrdinary = (value: number): boolean => Number.isFinite(value) && Math.abs(value) >= LEAST_NORMAL;

describe('approximations', () => {
  it.each(approximationForms().map((form, index) => ({ name: form.name, form, index })))('$name', ({ form, index }) => {
    const cases = Array.from({ length: CASES_PER_FORM }, (_, k) => makeSseCase(form, mixSeed(SEED, 0xa99, index, k)));
    const image = dataImage(SEED);
    const { selectors, results } = runOnHost(image, cases);
    const cpu = createCpuUnderTest('interpreter');
    let ordinary = 0;

    for (const [i, hostCase] of cases.entries()) {
      image.set(hostCase.patch.bytes, hostCase.patch.offset);
      const core = runOnCore(cpu, hostCase, image, selectors);
      const text = `case ${i}: ${describeCase(hostCase)}`;
      expect(compareResults(core, results[i], 0), text).toEqual([]);
      const [before, mine, theirs] = [hostCase.sse!, core.sse!, results[i].sse!].map(
        (bytes) => new DataView(bytes.buffer),
      );
      expect(mine.getUint32(REGISTERS, true), text).toBe(theirs.getUint32(REGISTERS, true));
      for (let at = 0; at < REGISTERS; at += 4) {
        const host = theirs.getFloat32(at, true);
        if (theirs.getUint32(at, true) === before.getUint32(at, true) || !isOrdinary(host)) {
          expect(mine.getUint32(at, true).toString(16), `${text}, byte ${at}`).toBe(
            theirs.getUint32(at, true).toString(16),
          );
          continue;
        }
        // Both are within the bound of the exact result.
        ordinary++;
        expect(Math.abs(mine.getFloat32(at, true) / host - 1), `${text}, byte ${at}`).toBeLessThan(2 * BOUND);
      }
    }
    expect(ordinary).toBeGreaterThan(CASES_PER_FORM / 4);
  });
});
