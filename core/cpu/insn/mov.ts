/** Data transfer between registers, memory and segment registers. */
import type { Builder } from './builder.ts';
import { insn } from './define.ts';
import type { Opnd } from './operand.ts';
import { S } from '../layout.ts';
import type { Value } from './value.ts';

insn('MOV', (b, dst, src) => b.write(dst, b.read(src)));

insn('XCHG', (b, dst, src) => {
  const left = b.let(b.modify(dst));
  const right = b.let(b.read(src));
  b.write(dst, right);
  b.write(src, left);
});

insn('MOVZX', (b, dst, src) => b.write(dst, b.zext(b.read(src), dst.width)));
insn('MOVSX', (b, dst, src) => b.write(dst, b.sext(b.read(src), dst.width)));

insn('LEA', (b, dst, src) => {
  const address = b.address(src);
  b.write(dst, dst.width < address.width ? b.trunc(address, dst.width) : b.zext(address, dst.width));
});

insn('XLAT', (b) => {
  const width = b.addressWidth;
  const address = b.let(b.add(b.readGpr(3, width), b.zext(b.readGpr(0, 8), width)));
  b.writeGpr(0, b.loadOverridable(address, 8));
});

// --- segment registers -----------------------------------------------------------------------------------------------------------

/**
 * Loads a segment register. In real and virtual-8086 mode that is arithmetic; in protected mode it reads a descriptor
 * and may change what later code means, so the block ends there.
 */
function loadSegment(b: Builder, segment: Opnd, selector: Value, before: () => void): void {
  if (b.realMode) {
    before();
    b.loadRealSegment(segment, selector);
    return;
  }
  const number = b.let(b.segmentNumber(segment));
  const word = b.let(b.zext(selector, 32));
  const byTypeScript = (): void => {
    const mode = b.state32(S.jumpKey);
    b.helper('loadSegment', number, word, b.nextIp());
    before();
    // Flat segments take the place of flat ones nearly always: then the code after this means what it did.
    b.if(b.ne(mode, b.state32(S.jumpKey)), () => b.goToNextEarly());
  };
  if (segment.kind === 'seg' && segment.stack) byTypeScript();
  else b.if(b.kernel('loadKnownSegment', number, word)[0], before, byTypeScript);
}

export { loadSegment };

insn('MOV S', (b, segment, src) => loadSegment(b, segment, b.let(b.read({ ...src, width: 16 } as Opnd)), () => {}));
insn('MOV M,S', (b, dst, segment) => b.write(dst, b.read(segment)));
/** To a register the selector is zero-extended to the operand size. */
insn('MOV R,S', (b, dst, segment) => b.write(dst, b.zext(b.read(segment), dst.width)));

for (const name of ['LES', 'LDS', 'LSS', 'LFS', 'LGS'] as const)
  insn(name, (b, dst, pointer, segment) => {
    const far = { ...pointer, width: dst.width } as Opnd;
    const offset = b.let(b.read(far));
    const selector = b.let(b.read(b.displaced(far, b.const(32, dst.width / 8), 16)));
    loadSegment(b, segment, selector, () => b.write(dst, offset));
  });
