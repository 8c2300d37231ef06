/**
 * Every x87 and SSE operation against the host's own processor (native.c): results, exceptions, C1 and condition codes
 * bit for bit; transcendental functions within one unit in the last place. Measured on an AMD EPYC (family 19h); where
 * the architecture leaves a result open, the code does as that processor.
 *
 *   TERRARIUM_SOFTFLOAT_CASES=1000000   cases per operation (default 20000)
 *   TERRARIUM_SOFTFLOAT_SEED=7          other operands (default 1)
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FloatContext, setControlWord } from './floatx80.ts';
import { Operands, randomWords } from './operands.fixture.ts';
import { SSE_CASES } from './sse-cases.fixture.ts';
import type { SseCase } from './sse-cases.fixture.ts';
import { setMxcsr, SseContext } from './sse.ts';
import { X87_CASES } from './x87-cases.fixture.ts';
import type { X87Case } from './x87-cases.fixture.ts';

const CASES = Number(process.env['TERRARIUM_SOFTFLOAT_CASES'] ?? 20_000);
const SEED = Number(process.env['TERRARIUM_SOFTFLOAT_SEED'] ?? 1);
const TIMEOUT_MS = 30_000 + CASES;
const BATCH = 100_000;
const SHOWN_FAILURES = 5;
/** struct in and struct out of native.c. */
const RECORD = 40;
const CONTROL = 32;
const STATUS = 32;
const EXTRA = 36;
/** Where results agree, C1 of a transcendental function tells how the processor's last approximation was rounded. */
const C1_MAY_DIFFER = 0.02;

const vendor = /^vendor_id\s*:\s*(\S+)/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? 'unknown';

let folder = '';
let program = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'terrarium-softfloat-'));
  program = join(folder, 'native');
  const source = fileURLToPath(new URL('native.c', import.meta.url));
  const { error, status, stderr } = spawnSync('gcc', ['-O1', '-Wall', '-Werror', '-o', program, source], {
    encoding: 'utf8',
  });
  if (error !== undefined || status !== 0)
    throw new Error(`cannot compile the reference program: install gcc. ${error?.message ?? stderr}`);
}, TIMEOUT_MS);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function runOnHost(operation: string, input: DataView): DataView {
  const { status, stdout, stderr } = spawnSync(program, [operation], {
    input: new Uint8Array(input.buffer),
    maxBuffer: input.byteLength + 1,
  });
  if (status !== 0 || stdout.length !== input.byteLength) throw new Error(`native ${operation}: ${String(stderr)}`);
  return new DataView(stdout.buffer, stdout.byteOffset, stdout.length);
}

const hex = (view: DataView, at: number, bytes: number): string => {
  let text = '';
  for (let byte = bytes - 1; byte >= 0; byte--)
    text += view
      .getUint8(at + byte)
      .toString(16)
      .padStart(2, '0');
  return text;
};

function describeCase(index: number, what: string, input: DataView, output: DataView, flags: number): string {
  const at = index * RECORD;
  return (
    `case ${index}: ${what}; control ${hex(input, at + CONTROL, 4)} a ${hex(input, at, 10)} b ${hex(input, at + 16, 10)}` +
    ` host ${hex(output, at, 10)} ${hex(output, at + 16, 10)} status ${hex(output, at + STATUS, 4)} our flags ${flags.toString(16)}`
  );
}

/** Batches of operands and what the host makes of them. */
function* batches(
  operation: string,
  fill: (ops: Operands, input: DataView, at: number) => void,
): Generator<{ input: DataView; output: DataView; count: number }> {
  const ops = new Operands(randomWords(SEED));
  for (let done = 0; done < CASES; done += BATCH) {
    const count = Math.min(BATCH, CASES - done);
    const input = new DataView(new ArrayBuffer(count * RECORD));
    for (let index = 0; index < count; index++) fill(ops, input, index * RECORD);
    yield { input, output: runOnHost(operation, input), count };
  }
}

interface Outcome {
  readonly failures: string[];
  compared: number;
  c1Differs: number;
  worstUlp: number;
}

function compareX87(one: X87Case): Outcome {
  const outcome: Outcome = { failures: [], compared: 0, c1Differs: 0, worstUlp: 0 };
  const fill = (ops: Operands, input: DataView, at: number): void => {
    one.operands(ops, input, at);
    input.setUint32(at + CONTROL, ops.controlWord(), true);
  };
  for (const { input, output, count } of batches(one.native ?? one.name, fill)) {
    for (let index = 0; index < count; index++) {
      const at = index * RECORD;
      const ctx = new FloatContext();
      setControlWord(ctx, input.getUint32(at + CONTROL, true));
      const result = one.run(ctx, input, at);
      const differs = one.check(ctx, result, output, at);
      outcome.compared++;
      if (one.lastUlp !== undefined) outcome.worstUlp = Math.max(outcome.worstUlp, one.lastUlp());
      if (differs === 'c1' && one.lastUlp !== undefined) outcome.c1Differs++;
      else if (differs !== '') outcome.failures.push(describeCase(index, differs, input, output, ctx.exceptionFlags));
    }
  }
  return outcome;
}

/** Empty, or what differs. */
function sseDifference(one: SseCase, ctx: SseContext, low: number, output: DataView, at: number): string {
  if ((output.getUint32(at + STATUS, true) & 0x3f) !== ctx.flags) return 'flags';
  const trapped = output.getUint32(at + EXTRA, true) !== 0;
  if (trapped !== ((ctx.flags & ~ctx.masks) !== 0)) return 'exception';
  if (trapped) return '';
  if (one.result === 'flags') return ((output.getUint32(at + 16, true) >>> 8) & 0x45) === low ? '' : 'EFLAGS';
  const result = one.result.startsWith('rax') ? at + 16 : at;
  if (output.getInt32(result, true) !== low) return `low word, ours ${(low >>> 0).toString(16)}`;
  if (!one.result.endsWith('64') || output.getInt32(result + 4, true) === ctx.hi) return '';
  return `high word, ours ${(ctx.hi >>> 0).toString(16)}`;
}

function compareSse(one: SseCase): Outcome {
  const outcome: Outcome = { failures: [], compared: 0, c1Differs: 0, worstUlp: 0 };
  const fill = (ops: Operands, input: DataView, at: number): void => {
    one.operands(ops, input, at);
    input.setUint32(at + CONTROL, ops.mxcsr(), true);
  };
  for (const { input, output, count } of batches(one.name, fill)) {
    for (let index = 0; index < count; index++) {
      const at = index * RECORD;
      const ctx = new SseContext();
      setMxcsr(ctx, input.getUint32(at + CONTROL, true));
      const low = one.run(ctx, input, at);
      const differs = sseDifference(one, ctx, low, output, at);
      outcome.compared++;
      if (differs !== '') outcome.failures.push(describeCase(index, differs, input, output, ctx.flags));
    }
  }
  return outcome;
}

function expectAgreement({ failures, compared }: Outcome): void {
  expect(compared).toBe(CASES);
  const shown = failures.slice(0, SHOWN_FAILURES).join('\n  ');
  expect(failures.length, `${failures.length} of ${compared} differ from this host (${vendor}):\n  ${shown}\n`).toBe(0);
}

describe('x87 operations equal the host bit for bit', () => {
  for (const one of X87_CASES.filter(({ lastUlp }) => lastUlp === undefined)) {
    it(one.name, () => expectAgreement(compareX87(one)), TIMEOUT_MS);
  }
});

describe('x87 transcendental functions are within one unit in the last place of the host', () => {
  for (const one of X87_CASES.filter(({ lastUlp }) => lastUlp !== undefined)) {
    it.runIf(one.vendor === undefined || one.vendor === vendor)(
      one.name,
      ({ annotate }) => {
        const outcome = compareX87(one);
        void annotate(`largest difference ${outcome.worstUlp} ulp, C1 differs in ${outcome.c1Differs} of ${CASES}`);
        expectAgreement(outcome);
        expect(outcome.worstUlp).toBeLessThanOrEqual(1);
        expect(outcome.c1Differs).toBeLessThanOrEqual(CASES * C1_MAY_DIFFER);
      },
      TIMEOUT_MS,
    );
  }
});

describe('SSE operations equal the host bit for bit', () => {
  for (const one of SSE_CASES) it(one.name, () => expectAgreement(compareSse(one)), TIMEOUT_MS);
});
