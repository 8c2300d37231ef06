/** Every recorded execution of a real 80286 (test/fixtures/80286-real-mode.README.md) on the core. */
import { describe, expect, it } from 'vitest';
import { DIFFERENCES, differenceOf } from './80286-differences.ts';
import { createCpuUnderTest } from './connect.ts';
import { compareVector, describeVector, loadVectors, runVector, type Vector } from './vectors-80286.ts';

const vectors = loadVectors(new URL('../fixtures/80286-real-mode.jsonl.gz', import.meta.url));
const SHOWN_FAILURES = 5;

const byOpcode = new Map<string, Vector[]>();
for (const vector of vectors) {
  const cases = byOpcode.get(vector.opcode) ?? [];
  cases.push(vector);
  byOpcode.set(vector.opcode, cases);
}

describe('executions recorded from an 80286', () => {
  const cpu = createCpuUnderTest();

  it('are all here', () => {
    expect(vectors).toHaveLength(32_500);
    expect(byOpcode.size).toBe(325);
  });

  it('differ from later processors only where each listed reason selects some, and few', () => {
    const selected = new Map(DIFFERENCES.map((difference) => [difference.title, 0]));
    for (const vector of vectors) {
      const difference = differenceOf(vector);
      if (difference) selected.set(difference.title, (selected.get(difference.title) ?? 0) + 1);
    }
    for (const [title, count] of selected) expect(count, title).toBeGreaterThan(0);
    expect([...selected.values()].reduce((sum, count) => sum + count)).toBeLessThan(900);
  });

  it.each([...byOpcode.keys()])('come out the same on the core: opcode %s', (opcode) => {
    const failures: string[] = [];
    for (const vector of byOpcode.get(opcode) ?? []) {
      const known = differenceOf(vector);
      if (known && known.flags === undefined) continue;
      const differences = compareVector(vector, runVector(cpu, vector), known?.flags);
      if (differences.length > 0) failures.push(`${describeVector(vector)}\n    ${differences.join('\n    ')}`);
    }
    const report = failures.slice(0, SHOWN_FAILURES).join('\n  ');
    expect(failures.length, `${failures.length} differ from the 80286:\n  ${report}\n`).toBe(0);
  });
});
