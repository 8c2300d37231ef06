import { describe, expect, it } from 'vitest';
import { decode, format, newInstruction } from './index.ts';
import type { CodeSize } from './index.ts';

function disassemble(hex: string, codeSize: CodeSize, address: number | bigint = 0x1000): string {
  const bytes = Uint8Array.from(Buffer.from(hex, 'hex')),
    insn = newInstruction();
  expect(decode(bytes, 0, bytes.length, codeSize, insn)).toBe('ok');
  return format(insn, address);
}

describe('format', () => {
  it.each<[string, string]>([
    ['8907', 'mov word ptr [bx], ax'],
    ['8b4efe', 'mov cx, word ptr [bp-0x2]'],
    ['268a4710', 'mov al, byte ptr es:[bx+0x10]'],
    ['a13412', 'mov ax, word ptr ds:[0x1234]'],
    ['ea341200f0', 'jmpf 0xf000:0x1234'],
    ['ebfe', 'jmp 0x1000'],
    ['e8fdff', 'call 0x1000'],
    ['f3a5', 'rep movs word ptr es:[di], word ptr [si]'],
    ['f2ae', 'repne scas al, byte ptr es:[di]'],
    ['98', 'cbw'],
    ['cf', 'iret'],
  ])('shows %s in 16-bit code as %s', (hex, text) => {
    expect(disassemble(hex, 16)).toBe(text);
  });

  it.each<[string, string]>([
    ['f0018c8800100000', 'lock add dword ptr [eax+ecx*4+0x1000], ecx'],
    ['83c0ff', 'add eax, 0xffffffff'],
    ['0fb6c4', 'movzx eax, ah'],
    ['8ed8', 'mov ds, ax'],
    ['0f22c0', 'mov cr0, eax'],
    ['d8c1', 'fadd st(0), st(1)'],
    ['660f6fc1', 'movdqa xmm0, xmm1'],
    ['0f6f00', 'movq mm0, qword ptr [eax]'],
    ['ff2d00100000', 'jmpf fword ptr ds:[0x1000]'],
    ['c8100001', 'enter 0x10, 0x1'],
    ['2ed7', 'cs xlat'],
    ['e302', 'jecxz 0x1004'],
    ['99', 'cdq'],
    ['f3a7', 'repe cmps dword ptr [esi], dword ptr es:[edi]'],
    ['67f3ac', 'rep lods al, byte ptr [si]'],
  ])('shows %s in 32-bit code as %s', (hex, text) => {
    expect(disassemble(hex, 32)).toBe(text);
  });

  it.each<[string, string]>([
    ['4889e5', 'mov rbp, rsp'],
    ['4588d3', 'mov r11b, r10b'],
    ['4088f0', 'mov al, sil'],
    ['88f0', 'mov al, dh'],
    ['48b88877665544332211', 'mov rax, 0x1122334455667788'],
    ['48c7c0ffffffff', 'mov rax, 0xffffffffffffffff'],
    ['488b0510000000', 'mov rax, qword ptr [rip+0x10]'],
    ['65488b042528000000', 'mov rax, qword ptr gs:[0x28]'],
    ['4157', 'push r15'],
    ['ffd0', 'call rax'],
    ['c3', 'ret'],
    ['4898', 'cdqe'],
    ['48cf', 'iretq'],
    ['9c', 'pushfq'],
    ['66480f6ec7', 'movq xmm0, rdi'],
    ['480fc70f', 'cmpxchg16b xmmword ptr [rdi]'],
    ['4963c0', 'movsxd rax, r8d'],
    ['66410f3a16c001', 'pextrd r8d, xmm0, 0x1'],
    ['a08877665544332211', 'mov al, byte ptr [0x1122334455667788]'],
    ['67488b00', 'mov rax, qword ptr [eax]'],
  ])('shows %s in 64-bit code as %s', (hex, text) => {
    expect(disassemble(hex, 64)).toBe(text);
  });

  it('wraps branch targets at the size of the instruction pointer', () => {
    expect(disassemble('eb10', 16, 0xfff8)).toBe('jmp 0xa');
    expect(disassemble('eb10', 32, 0xfffffff8)).toBe('jmp 0xa');
    expect(disassemble('ebfc', 64, 0n)).toBe('jmp 0xfffffffffffffffe');
  });
});
