/**
 * Every form of every MMX and SSE instruction with random vectors and MXCSRs, on the host's own processor and on the
 * core: registers, MXCSR's flags, memory, exceptions, misaligned operands, what MMX does to the FPU.
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
import { makeSseCase, makeSseSequence, sequenceForms, sseForms } from './sse-cases.ts';
import { compareSse, describeSse } from './sse-compare.ts';
import { compareFpu, describeFpu } from './x87-compare.ts';

const CASES_PER_FORM = Number(process.env['TERRARIUM_HOST_CPU_CASES'] ?? 40);
const SEED = Number(process.env['TERRARIUM_HOST_CPU_SEED'] ?? 1);
const SEQUENCES_PER_CASE = 50;
const SHOWN_FAILURES = 5;
const MATH_FAULT = 16;
const TIMEOUT_MS = 240_000 + CASES_PER_FORM * 1_000;

const vendor = /^vendor_id\s*:\s*(\S+)/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? 'unknown';
const forms = sseForms();
const byMnemonic = new Map<string, { readonly form: Form; readonly index: number }[]>();
for (const [index, form] of forms.entries()) {
  const list = byMnemonic.get(form.row.mnemonic) ?? [];
  list.push({ form, index });
  byMnemonic.set(form.row.mnemonic, list);
}

/**
 * When these turn the FPU into MMX registers the manuals leave open (from memory, before an exception), and so whether
 * they report one that waits. The core does as Zen does; on other hosts the FPU is not compared, nor #MF.
 */
const TRANSITION_OPEN = /^CVT(PI2P|T?P[SD]2PI)/;
const isOpen = (mnemonic: string): boolean => vendor !== 'AuthenticAMD' && TRANSITION_OPEN.test(mnemonic);

const report = new TruthReport('MMX and SSE instructions');
/** One for all: a set-up makes it a fresh one, and what it has compiled stays compiled. */
const cpu = createCpuUnderTest();

interface Trial {
  readonly name: string;
  readonly mnemonic: string;
  readonly hostCase: HostCase;
}

function differencesOf(trials: readonly Trial[]): string[] {
  const image = dataImage(SEED);
  const { selectors, results, truths } = runOnHost(
    image,
    trials.map(({ hostCase }) => hostCase),
  );
  const failures: string[] = [];
  for (const [i, { name, mnemonic, hostCase }] of trials.entries()) {
    report.add(truths[i], mnemonic, name);
    image.set(hostCase.patch.bytes, hostCase.patch.offset);
    if (isOpen(mnemonic) && results[i].vector === MATH_FAULT) continue;
    const core = runOnCore(cpu, hostCase, image, selectors);
    const differences = [
      ...compareResults(core, results[i], 0),
      ...compareSse(core, results[i]),
      ...(hostCase.fpu && !isOpen(mnemonic) ? compareFpu(mnemonic, vendor, core, results[i]) : []),
    ];
    if (differences.length === 0) continue;
    const states = [describeSse(hostCase.sse!), ...(hostCase.fpu ? [describeFpu(hostCase.fpu)] : [])].join('\n    ');
    failures.push(
      `${name} (seed ${SEED}, case ${i})\n    ${describeCase(hostCase)}\n    ${states}\n      ${differences.join('\n      ')}`,
    );
  }
  return failures;
}

function expectNone(failures: readonly string[], of: number): void {
  const shown = failures.slice(0, SHOWN_FAILURES).join('\n  ');
  expect(failures.length, `${failures.length} of ${of} differ from this host (${vendor}):\n  ${shown}\n`).toBe(0);
}

describe('MMX and SSE instructions against the host processor', () => {
  afterAll(() => {
    console.log(report.text());
  });

  it('cover the instruction set', () => {
    expect(byMnemonic.size).toBeGreaterThan(240);
    expect(forms.length).toBeGreaterThan(550);
  });

  it.each([...byMnemonic.keys()])('%s', { timeout: TIMEOUT_MS }, (mnemonic) => {
    const trials = (byMnemonic.get(mnemonic) ?? []).flatMap(({ form, index }) =>
      Array.from({ length: CASES_PER_FORM }, (_, k): Trial => ({
        name: form.name,
        mnemonic,
        hostCase: makeSseCase(form, mixSeed(SEED, 0x55e, index, k)),
      })),
    );

    expectNone(differencesOf(trials), trials.length);
  });

  it('keep their meaning in sequence', { timeout: TIMEOUT_MS }, () => {
    const usable = sequenceForms();
    const trials = Array.from({ length: CASES_PER_FORM * SEQUENCES_PER_CASE }, (_, k): Trial => ({
      name: 'sequence',
      mnemonic: 'sequence',
      hostCase: makeSseSequence(usable, mixSeed(SEED, 0x5e9e, k)),
    }));

    expectNone(differencesOf(trials), trials.length);
  });
});
