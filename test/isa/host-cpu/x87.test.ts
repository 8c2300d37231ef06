/**
 * Every form of every x87 instruction with random register stacks, tags, control words and operands, on the host's own
 * processor and on the core: registers, tags, status, pointers, memory, exceptions.
 *
 *   TERRARIUM_HOST_CPU_CASES, TERRARIUM_HOST_CPU_SEED as in host-cpu.test.ts
 */
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { createCpuUnderTest } from '../connect.ts';
import { compareResults, describeCase, runOnCore } from './compare.ts';
import type { Form } from './forms.ts';
import { dataImage } from './generator.ts';
import type { HostCase } from './stream.ts';
import { TruthReport } from './truth-report.ts';
import { runOnHost } from './truth.ts';
import { mixSeed } from './random.ts';
import { makeX87Case, x87Forms } from './x87-cases.ts';
import { compareFpu, describeFpu } from './x87-compare.ts';

const CASES_PER_FORM = Number(process.env['TERRARIUM_HOST_CPU_CASES'] ?? 40);
const SEED = Number(process.env['TERRARIUM_HOST_CPU_SEED'] ?? 1);
const SHOWN_FAILURES = 5;
const TIMEOUT_MS = 240_000 + CASES_PER_FORM * 1_000;

const vendor = /^vendor_id\s*:\s*(\S+)/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? 'unknown';
const forms = x87Forms();
const byMnemonic = new Map<string, { readonly form: Form; readonly index: number }[]>();
for (const [index, form] of forms.entries()) {
  const list = byMnemonic.get(form.row.mnemonic) ?? [];
  list.push({ form, index });
  byMnemonic.set(form.row.mnemonic, list);
}

const report = new TruthReport('x87 instructions');
/** One for all: a set-up makes it a fresh one, and what it has compiled stays compiled. */
const cpu = createCpuUnderTest();

interface Trial {
  readonly form: Form;
  readonly hostCase: HostCase;
}

/** Texts by the number of the case. */
function differencesOf(trials: readonly Trial[]): Map<number, string> {
  const image = dataImage(SEED);
  const { selectors, results, truths } = runOnHost(
    image,
    trials.map(({ hostCase }) => hostCase),
  );
  const failures = new Map<number, string>();
  for (const [i, { form, hostCase }] of trials.entries()) {
    report.add(truths[i], form.row.mnemonic, form.name);
    image.set(hostCase.patch.bytes, hostCase.patch.offset);
    const core = runOnCore(cpu, hostCase, image, selectors);
    const differences = [
      ...compareResults(core, results[i], 0),
      ...compareFpu(form.row.mnemonic, vendor, core, results[i]),
    ];
    if (differences.length > 0)
      failures.set(
        i,
        `${form.name} (seed ${SEED}, case ${i})\n    ${describeCase(hostCase)}\n    ${describeFpu(hostCase.fpu!)}\n      ${differences.join('\n      ')}`,
      );
  }
  return failures;
}

/**
 * A 64-bit kernel that switches processes in the middle of a case loses the selectors of the FPU's pointers. So what
 * differs is asked twice, and counts when it differs both times.
 */
function lastingDifferencesOf(trials: readonly Trial[]): string[] {
  const first = differencesOf(trials);
  if (first.size === 0) return [];
  return [...differencesOf(trials)].filter(([i]) => first.has(i)).map(([, text]) => text);
}

describe('x87 instructions against the host processor', () => {
  afterAll(() => {
    console.log(report.text());
  });

  it('cover the instruction set', () => {
    expect(byMnemonic.size).toBeGreaterThan(90);
    expect(forms.length).toBeGreaterThan(150);
  });

  it.each([...byMnemonic.keys()])('%s', { timeout: TIMEOUT_MS }, (mnemonic) => {
    const trials = (byMnemonic.get(mnemonic) ?? []).flatMap(({ form, index }) =>
      Array.from({ length: CASES_PER_FORM }, (_, k): Trial => ({
        form,
        hostCase: makeX87Case(form, mixSeed(SEED, 0x87, index, k)),
      })),
    );

    const failures = lastingDifferencesOf(trials);

    const shown = failures.slice(0, SHOWN_FAILURES).join('\n  ');
    expect(failures.length, `${failures.length} of ${trials.length} differ from this host:\n  ${shown}\n`).toBe(0);
  });
});
