/** One case on the core, set against what the host's processor made of it. */
import { decode, format, newInstruction } from '../../../core/isa/index.ts';
import type { CpuUnderTest, Regs } from '../cpu-under-test.ts';
import { GENERAL_REGISTERS, hex, hexBytes } from '../cpu-under-test.ts';
import { CODE, CODE_PAGE, CODE_PAGE_SIZE, DATA, DATA_SIZE, PAGE_FAULT } from './stream.ts';
import type { HostCase, HostResult, HostSelectors } from './stream.ts';

const HLT = 0xf4;
const GENERAL_PROTECTION = 13;
const ENOUGH_INSTRUCTIONS = 20_000;
/** Not part of an instruction's result here: TF is the host's, RF is set by the fault that reports it. */
const EFLAGS_COMPARED = 0x003f7fd7 & ~0x00010100;

/**
 * Runs the case between HLTs. At CPL 3 a HLT raises #GP(0), which is how the end, or a jump's landing, shows: on the
 * host INT3 does that service.
 */
export function runOnCore(
  cpu: CpuUnderTest,
  hostCase: HostCase,
  image: Uint8Array,
  selectors: HostSelectors,
  mode: 'flat32' | 'paged32' = 'flat32',
): HostResult {
  const codePage = new Uint8Array(CODE_PAGE_SIZE).fill(HLT);
  codePage.set(hostCase.code, CODE - CODE_PAGE);
  const regs: Partial<Regs> = { eip: CODE, eflags: hostCase.eflags, ...selectors };
  for (const [i, name] of GENERAL_REGISTERS.entries()) regs[name] = hostCase.regs[i];
  cpu.setup(
    mode,
    regs,
    [
      { address: DATA, bytes: image },
      { address: CODE_PAGE, bytes: codePage },
    ],
    hostCase.fpu,
    hostCase.sse,
  );
  const outcome = cpu.run(ENOUGH_INSTRUCTIONS);

  const after = cpu.regs();
  const inCase = after.eip >= CODE && after.eip < CODE + hostCase.code.length;
  const ended = outcome.stopped === 'exception' && outcome.vector === GENERAL_PROTECTION && !inCase;
  const memory = cpu.readMemory(DATA, DATA_SIZE);
  const changes: [number, number][] = [];
  for (let i = 0; i < DATA_SIZE; i++) if (memory[i] !== image[i]) changes.push([i, memory[i]]);
  return {
    vector: ended ? undefined : outcome.stopped === 'exception' ? outcome.vector : -1,
    errorCode: ended ? 0 : (outcome.errorCode ?? 0),
    regs: GENERAL_REGISTERS.map((name) => after[name]),
    eip: after.eip,
    eflags: after.eflags,
    ...(outcome.vector === PAGE_FAULT ? { address: cpu.faultAddress() } : {}),
    changes,
    ...(hostCase.fpu ? { fpu: cpu.fpu() } : {}),
    ...(hostCase.sse ? { sse: cpu.sse() } : {}),
  };
}

/** Differences in words; empty when equal but for the ignored flags. */
export function compareResults(core: HostResult, host: HostResult, ignoredFlags: number): string[] {
  const differences: string[] = [];
  const check = (what: string, actual: string, expected: string): void => {
    if (actual !== expected) differences.push(`${what}: ${actual}, host: ${expected}`);
  };
  check('exception', exceptionText(core), exceptionText(host));
  for (const [i, name] of GENERAL_REGISTERS.entries()) check(name, hex(core.regs[i]), hex(host.regs[i]));
  check('eip', hex(core.eip), hex(host.eip));
  const flags = EFLAGS_COMPARED & ~ignoredFlags;
  check('eflags', flagsText(core.eflags & flags), flagsText(host.eflags & flags));
  if (core.address !== undefined || host.address !== undefined)
    check('fault address', hex(core.address ?? 0), hex(host.address ?? 0));
  check('memory', changesText(core), changesText(host));
  return differences;
}

function exceptionText({ vector, errorCode }: HostResult): string {
  if (vector === undefined) return 'none';
  return vector < 0 ? 'never ended' : `vector ${vector} error ${hex(errorCode, 4)}`;
}

const FLAG_NAMES = ['CF', '', 'PF', '', 'AF', '', 'ZF', 'SF', '', 'IF', 'DF', 'OF'];

function flagsText(flags: number): string {
  return `${hex(flags, 6)} (${FLAG_NAMES.filter((name, bit) => name !== '' && (flags >> bit) & 1).join(' ')})`;
}

function changesText({ changes }: HostResult): string {
  return changes.map(([offset, value]) => `[${hex(DATA + offset, 4)}]=${hex(value, 2)}`).join(' ') || 'unchanged';
}

/** The case for a person: disassembly, bytes, inputs. */
export function describeCase({ regs, eflags, code, patch }: HostCase): string {
  const bytes = Uint8Array.from(code);
  const insn = newInstruction();
  const lines: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const status = decode(bytes, at, bytes.length, 32, insn);
    const length = status === 'ok' ? insn.length : bytes.length - at;
    const text = status === 'ok' ? format(insn, CODE + at) : `(${status})`;
    lines.push(`${hexBytes(bytes.subarray(at, at + length))}  ${text}`);
    at += length;
  }
  lines.push(GENERAL_REGISTERS.map((name, i) => `${name}=${hex(regs[i])}`).join(' ') + ` eflags=${flagsText(eflags)}`);
  if (patch.bytes.length > 0) lines.push(`[${hex(DATA + patch.offset, 4)}] ${hexBytes(patch.bytes)}`);
  return lines.join('\n    ');
}
