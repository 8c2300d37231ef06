/** Moves between XMM and MMX registers, memory and general registers; MXCSR; cache control. */
import { OPV } from '../../wasm/index.ts';
import { SSE, X87 } from '../layout.ts';
import { insn } from './define.ts';
import {
  enterMmx,
  high64,
  low64,
  mmx,
  pick,
  readVector,
  requireMmx,
  requireSse,
  sse,
  unaligned,
  wide,
  zeroVector,
} from './simd.ts';

for (const name of ['MOVAPS', 'MOVAPD', 'MOVDQA', 'MOVNTPS', 'MOVNTPD', 'MOVNTDQ', 'MOVNTDQA'])
  sse(name, (b, dst, src) => b.write(dst, b.read(src)));
for (const name of ['MOVUPS', 'MOVUPD', 'MOVDQU', 'LDDQU'])
  sse(name, (b, dst, src) => b.write(unaligned(dst), b.read(unaligned(src))));

/** Scalars from memory clear the rest of the register; from a register they leave it. */
for (const [name, op] of [
  ['MOVSS', OPV.i32x4ReplaceLane],
  ['MOVSD', OPV.i64x2ReplaceLane],
] as const) {
  sse(`${name} V`, (b, dst, src) => {
    const value = b.read(src);
    if (src.kind === 'mem') b.write(wide(dst), b.withLane(op, zeroVector(b), 0, value));
    else b.write(dst, value);
  });
  sse(`${name} W`, (b, dst, src) => b.write(dst, b.read(src)));
}

for (const suffix of ['PS', 'PD']) {
  sse(`MOVL${suffix}`, (b, dst, src) => b.write(dst, b.read(src)));
  sse(`MOVH${suffix} V`, (b, dst, src) => {
    const value = b.read(src);
    b.write(wide(dst), b.withLane(OPV.i64x2ReplaceLane, readVector(b, wide(dst)), 1, value));
  });
  sse(`MOVH${suffix} M`, (b, dst, src) => b.write(dst, high64(b, readVector(b, wide(src)))));
}
sse('MOVHLPS', (b, dst, src) => b.write(dst, high64(b, readVector(b, wide(src)))));
sse('MOVLHPS', (b, dst, src) => {
  const value = b.read(src);
  b.write(wide(dst), b.withLane(OPV.i64x2ReplaceLane, readVector(b, wide(dst)), 1, value));
});

sse('MOVDDUP', (b, dst, src) => b.write(dst, readVector(b, src)));
sse('MOVSLDUP', (b, dst, src) => {
  const y = readVector(b, src);
  b.write(dst, pick(b, y, y, 4, [0, 0, 2, 2]));
});
sse('MOVSHDUP', (b, dst, src) => {
  const y = readVector(b, src);
  b.write(dst, pick(b, y, y, 4, [1, 1, 3, 3]));
});

// --- 32 and 64 bits -----------------------------------------------------------------------------------------------------------

mmx('MOVD P', (b, dst, src) => b.write(dst, b.zext(b.read(src), 64)));
mmx('MOVD E,P', (b, dst, src) => b.write(dst, b.trunc(b.read(src), dst.width)));
sse('MOVD V', (b, dst, src) => {
  const value = b.read(src);
  b.write(dst, b.withLane(OPV.i64x2ReplaceLane, zeroVector(b), 0, b.zext(value, 64)));
});
sse('MOVD E,V', (b, dst, src) => b.write(dst, b.trunc(low64(b, readVector(b, src)), dst.width)));

for (const kinds of ['P', 'Q']) mmx(`MOVQ ${kinds}`, (b, dst, src) => b.write(dst, b.read(src)));
mmx('MOVNTQ', (b, dst, src) => b.write(dst, b.read(src)));
sse('MOVQ V', (b, dst, src) => b.write(dst, b.withLane(OPV.i64x2ReplaceLane, zeroVector(b), 0, b.read(src))));
sse('MOVQ W', (b, dst, src) => {
  const value = low64(b, readVector(b, src));
  if (dst.kind === 'mem') b.write(dst, value);
  else b.write(wide(dst), b.withLane(OPV.i64x2ReplaceLane, zeroVector(b), 0, value));
});

insn('MOVQ2DQ', (b, dst, src) => {
  requireSse(b);
  requireMmx(b);
  b.write(dst, b.withLane(OPV.i64x2ReplaceLane, zeroVector(b), 0, b.read(src)));
  enterMmx(b);
});
insn('MOVDQ2Q', (b, dst, src) => {
  requireSse(b);
  requireMmx(b);
  b.write(dst, low64(b, readVector(b, wide(src))));
  enterMmx(b);
});

insn('MOVNTI', (b, dst, src) => b.write(dst, b.read(src)));

// --- bytes under a mask ---------------------------------------------------------------------------------------------------------

sse('MASKMOVDQU', (b, data, mask) => {
  b.setStateVector(SSE.operandA, readVector(b, data));
  b.setStateVector(SSE.operandB, readVector(b, mask));
  const place = b.zext(b.readGpr(7, b.addressWidth), 32);
  b.helper('sseMaskedStore', place, b.segmentIndex({ kind: 'src', width: 8 }), b.const(32, 16));
});
mmx('MASKMOVQ', (b, data, mask) => {
  b.setStateVector(SSE.operandA, readVector(b, data));
  b.setStateVector(SSE.operandB, readVector(b, mask));
  const place = b.zext(b.readGpr(7, b.addressWidth), 32);
  b.helper('sseMaskedStore', place, b.segmentIndex({ kind: 'src', width: 8 }), b.const(32, 8));
});

// --- control ----------------------------------------------------------------------------------------------------------------------

sse('LDMXCSR', (b, src) => void b.helper('sseLoadMxcsr', b.read(src)));
sse('STMXCSR', (b, dst) => b.write(dst, b.state32(SSE.mxcsr)));

/** The registers are empty for the FPU again. */
insn('EMMS', (b) => {
  requireMmx(b);
  enterMmx(b);
  b.setState32(X87.inUse, b.const(32, 0));
});

/** Accesses are in order, and there is no cache to write back: CLFLUSH only checks its address. */
for (const name of ['SFENCE', 'LFENCE', 'MFENCE']) insn(name, () => {});
insn('CLFLUSH', (b, place) => void b.read(place));
/** CPUID does not report them. */
for (const name of ['MONITOR', 'MWAIT']) insn(name, (b) => void b.helper('undefinedOpcode'));
