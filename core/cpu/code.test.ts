/** Code that changes under the processor: written by itself, by a device, by paging; and the arena that runs full. */
import { describe, expect, test } from 'vitest';
import { SEG } from '../isa/index.ts';
import { CODE, REG, TestCpu, w16, w32 } from './cpu.fixture.ts';

const INC_AX = 0x40, INC_CX = 0x41, INC_BX = 0x43, INC_SI = 0x46, NOP = 0x90, HLT = 0xf4, RET = 0xc3; // prettier-ignore
/** MOV byte [address],value in 16-bit code. */
const store = (address: number, value: number): number[] => [0xc6, 0x06, ...w16(address), value];
/** CALL from the instruction at `from` in 16-bit code. */
const call = (from: number, to: number): number[] => [0xe8, ...w16(to - (from + 3))];

describe('a store into code counts from the next instruction on', () => {
  test('when it changes the very next instruction', () => {
    const t = new TestCpu().program(...store(CODE + 5, INC_BX), NOP, HLT);

    t.cpu.run(10);

    expect(t.reg16(REG.BX)).toBe(1);
  });

  test('when it changes its own block further on, and the rest of the block is as it was', () => {
    const t = new TestCpu().program(INC_AX, ...store(CODE + 8, INC_BX), NOP, NOP, NOP, INC_AX, HLT);

    t.cpu.run(20);

    expect([t.reg16(REG.AX), t.reg16(REG.BX)]).toEqual([2, 1]);
  });

  test('when a loop changes the immediate of an instruction before the store', () => {
    // L: ADD BX,1 (imm8 at CODE+2); INC byte [CODE+2]; LOOP L
    const t = new TestCpu().program(0x83, 0xc3, 0x01, 0xfe, 0x06, ...w16(CODE + 2), 0xe2, 0xf7, HLT);
    t.cpu.state.setGpr(REG.CX, 5);

    t.cpu.run(100);

    expect(t.reg16(REG.BX)).toBe(1 + 2 + 3 + 4 + 5);
  });

  test('when the changed block is in another page', () => {
    const routine = 0x9010;
    const t = new TestCpu().load(routine, INC_AX, RET);
    t.program(...call(CODE, routine), ...store(routine, INC_BX), ...call(CODE + 8, routine), HLT);

    t.cpu.run(20);

    expect([t.reg16(REG.AX), t.reg16(REG.BX)]).toEqual([1, 1]);
  });

  test('when only the last byte of a doubleword store reaches the instruction', () => {
    const routine = 0x9010;
    const t = new TestCpu().load(routine, INC_AX, RET);
    // CALL; MOV dword [routine-3],43909090h; CALL
    const write = [0x66, 0xc7, 0x06, ...w16(routine - 3), ...w32(0x4390_9090)];
    t.program(...call(CODE, routine), ...write, ...call(CODE + 3 + write.length, routine), HLT);

    t.cpu.run(20);

    expect([t.reg16(REG.AX), t.reg16(REG.BX)]).toEqual([1, 1]);
  });

  test('when a word store crosses from a page of data into a page of code', () => {
    const routine = 0x9000;
    const t = new TestCpu().load(routine, INC_AX, RET);
    const write = [0xc7, 0x06, ...w16(routine - 1), 0x00, INC_BX];
    t.program(...call(CODE, routine), ...write, ...call(CODE + 3 + write.length, routine), HLT);

    t.cpu.run(20);

    expect([t.reg16(REG.AX), t.reg16(REG.BX)]).toEqual([1, 1]);
  });

  test('when a push writes it', () => {
    const routine = 0x9010;
    const t = new TestCpu().load(routine, INC_AX, RET, NOP);
    // CALL; MOV SP,routine+2; PUSH word (INC BX, RET); MOV SP,7000h; CALL
    const write = [0xbc, ...w16(routine + 2), 0x68, INC_BX, RET, 0xbc, ...w16(0x7000)];
    t.program(...call(CODE, routine), ...write, ...call(CODE + 3 + write.length, routine), HLT);

    t.cpu.run(20);

    expect([t.reg16(REG.AX), t.reg16(REG.BX)]).toEqual([1, 1]);
  });

  test('when REP STOSB runs over what follows it', () => {
    const t = new TestCpu().program(0xf3, 0xaa, ...new Array<number>(10).fill(NOP), HLT);
    t.cpu.state.setGpr(REG.AX, INC_SI);
    t.cpu.state.setGpr(REG.CX, 10);
    t.cpu.state.setGpr(REG.DI, CODE + 2);

    t.cpu.run(1); // decodes what follows, too
    t.cpu.run(20);

    expect(t.reg16(REG.SI)).toBe(10);
  });

  test('when REP STOSB runs over itself: it ends, and what it wrote is what runs', () => {
    const at = CODE + 0x40;
    const t = new TestCpu().load(at - 0x10, ...new Array<number>(0x10).fill(NOP), 0xf3, 0xaa, HLT, NOP);
    t.program(0xeb, 0x3e); // JMP to REP STOSB
    t.cpu.state.setGpr(REG.AX, HLT);
    t.cpu.state.setGpr(REG.CX, 0x20);
    t.cpu.state.setGpr(REG.DI, at - 0x10);

    const stop = t.cpu.run(100);

    expect(stop).toBe('halted');
    expect(t.memory.read(at, 1)).toBe(HLT);
    expect(t.cpu.state.rip).toBeGreaterThan(at);
  });

  test('when a device writes it', () => {
    const t = new TestCpu().program(INC_AX, 0xeb, 0xfd); // JMP CODE
    t.cpu.run(6);

    t.load(CODE, INC_BX);
    t.cpu.run(6);

    expect([t.reg16(REG.AX), t.reg16(REG.BX)]).toEqual([3, 3]);
  });
});

test('a device that writes the block which is calling it changes what runs next', () => {
  const t = new TestCpu();
  t.io.map({ base: 0x80, size: 1, device: { ioRead: () => 0, ioWrite: () => void t.load(CODE + 2, INC_BX) } });
  t.program(0xe6, 0x80, INC_AX, HLT);

  t.cpu.run(10);

  expect([t.reg16(REG.AX), t.reg16(REG.BX)]).toEqual([0, 1]);
});

test('variables beside code leave the code decoded', () => {
  // L: INC word [variable]; LOOP L; HLT; the variable 64 bytes on
  const t = new TestCpu().program(0xff, 0x06, ...w16(CODE + 0x40), 0xe2, 0xfa, HLT);
  t.cpu.state.setGpr(REG.CX, 100);
  t.cpu.run(1000);
  const { decodedInstructions } = t.cpu.blocks;

  t.wake();
  t.cpu.state.rip = CODE;
  t.cpu.state.setGpr(REG.CX, 100);
  t.cpu.run(1000);

  expect(t.memory.read(CODE + 0x40, 2)).toBe(200);
  expect(t.cpu.blocks.invalidatedBlocks).toBe(0);
  expect(t.cpu.blocks.decodedInstructions - decodedInstructions).toBeLessThan(10);
});

describe('an instruction that lies across two pages', () => {
  const across = 0x8fff; // MOV AX,imm16: the immediate is in the page behind
  const jump = [0xe9, ...w16(across - (CODE + 3))];

  test('runs, and goes on behind itself', () => {
    const t = new TestCpu().program(...jump).load(across, 0xb8, 0x34, 0x12, INC_CX, HLT);

    t.cpu.run(10);

    expect([t.reg16(REG.AX), t.reg16(REG.CX)]).toEqual([0x1234, 1]);
  });

  test.each([
    ['its first page', across, 0xbb, [0, 0x1234]],
    ['its second page', across + 1, 0x78, [0x1278, 0]],
  ])('notices a write to %s', (_name, address, value, expected) => {
    const t = new TestCpu().program(...jump).load(across, 0xb8, 0x34, 0x12, HLT);
    t.cpu.run(10);
    t.cpu.state.setGpr(REG.AX, 0);

    // The guest itself writes, then jumps there again.
    t.load(CODE, ...store(address, value), 0xe9, ...w16(across - (CODE + 8)));
    t.cpu.state.rip = CODE;
    t.wake();
    t.cpu.run(10);

    expect([t.reg16(REG.AX), t.reg16(REG.BX)]).toEqual(expected);
  });
});

describe('the end of a 64 KiB segment', () => {
  const GP = 13, SS = 12; // prettier-ignore
  const HANDLER = 0x9000;
  const guest = (vector: number): TestCpu => new TestCpu().realVector(vector, HANDLER).load(HANDLER, HLT);

  test('an instruction that ends there runs, and the next one faults', () => {
    const t = guest(GP).load(0xfffe, INC_AX, INC_AX, INC_AX);
    t.cpu.state.rip = 0xfffe;

    t.cpu.run(10);

    expect(t.reg16(REG.AX)).toBe(2);
    expect(t.delivered).toEqual([{ vector: GP, errorCode: 0, rip: 0x10000 }]);
  });

  test('an instruction that lies across it faults and does nothing', () => {
    const t = guest(GP).load(0xfffe, 0xb8, 0x34, 0x12); // MOV AX,1234h
    t.cpu.state.rip = 0xfffe;

    t.cpu.run(10);

    expect(t.reg16(REG.AX)).toBe(0);
    expect(t.delivered.map((d) => [d.vector, d.rip])).toEqual([[GP, 0xfffe]]);
  });

  test('code there is still noticed when it changes', () => {
    const t = guest(GP).load(0xfff9, ...store(0xfffe, INC_BX), NOP, INC_AX);
    t.cpu.state.rip = 0xfff9;

    t.cpu.run(10);

    expect([t.reg16(REG.AX), t.reg16(REG.BX)]).toEqual([1, 1]);
  });

  test('a word at its last byte faults in the data segment as #GP, on the stack as #SS', () => {
    const data = guest(GP).program(INC_AX, 0x8b, 0x1e, 0xff, 0xff); // MOV BX,[FFFFh]
    const stack = guest(SS).program(INC_AX, 0x8b, 0x5e, 0x00); // MOV BX,[BP]
    stack.cpu.state.setGpr(REG.BP, 0xffff);

    data.cpu.run(10);
    stack.cpu.run(10);

    expect(data.delivered.map((d) => [d.vector, d.rip])).toEqual([[GP, CODE + 1]]);
    expect(stack.delivered.map((d) => [d.vector, d.rip])).toEqual([[SS, CODE + 1]]);
  });

  test('a push that would lie across it shuts the processor down, since nothing can be pushed', () => {
    const t = guest(SS).program(0x50); // PUSH AX
    t.cpu.state.setGpr(REG.SP, 1);

    expect(t.cpu.run(10)).toBe('shutdown');
  });

  test('relative jumps in 16-bit code wrap', () => {
    const t = new TestCpu().load(0x10, 0xeb, 0xee).load(0, HLT).load(0xfffe, INC_AX, HLT); // JMP 10h+2-12h = 0
    t.cpu.state.rip = 0x10;
    t.load(0x20, 0xeb, 0xdc); // JMP 20h+2-24h = FFFEh
    t.cpu.run(10);
    const first = t.cpu.state.rip;
    t.wake();
    t.cpu.state.rip = 0x20;

    t.cpu.run(10);

    expect([first, t.cpu.state.rip, t.reg16(REG.AX)]).toEqual([1, 0x10000, 1]);
  });
});

test('more code than the arena holds: it starts over, and changes are noticed as before', () => {
  const t = new TestCpu().enterProtected();
  const first = 0x10_0000;
  const bytes = 0x8000;
  t.memory.dmaWrite(first, new Uint8Array(bytes).fill(NOP));
  for (let at = 0; at < bytes - 64 && t.cpu.blocks.flushes === 0; at++) {
    t.cpu.state.rip = first + at; // a block of its own for each start
    t.cpu.run(32);
  }

  t.program(0xff, 0x05, ...w32(CODE + 0x40), 0x43, 0xeb, 0xf7); // L: INC dword [CODE+40h]; INC EBX; JMP L
  t.cpu.state.rip = CODE;
  t.cpu.run(30);
  t.load(CODE + 6, INC_AX);
  t.cpu.run(30);

  expect(t.cpu.blocks.flushes).toBe(1);
  expect([t.memory.read(CODE + 0x40, 4), t.reg(REG.BX), t.reg(REG.AX)]).toEqual([20, 10, 10]);
});

test('code in a memory-mapped device is read from the device each time', () => {
  const t = new TestCpu();
  let value = INC_AX;
  t.memory.mapMmio({ base: 0xa0000, size: 0x1000, device: { mmioRead: () => value, mmioWrite: () => {} } });
  t.cpu.state.setRealSegment(SEG.CS, 0xa000);
  t.cpu.state.rip = 0;
  t.cpu.afterFirmware();

  t.cpu.run(3);
  value = INC_BX;
  t.cpu.run(3);

  expect(t.reg16(REG.BX)).toBe(3);
  expect(t.reg16(REG.AX)).toBe(3);
});

test('a page that held code and is written as data for long has no code any more; what runs there again is decoded anew', () => {
  const routine = 0x9010;
  const data = 0x9800;
  const t = new TestCpu().load(routine, INC_BX, RET);
  // CALL; MOV CX,count; L: MOV byte [data],1; LOOP L; CALL; HLT
  const count = 256 * 8;
  const loop = [0xb9, ...w16(count), ...store(data, 1), 0xe2, 0xf9];
  t.program(...call(CODE, routine), ...loop, ...call(CODE + 3 + loop.length, routine), HLT);
  const hadCode: number[] = [];
  const look = (): void => void hadCode.push(t.memory.hasCode[routine >> 12]);

  t.cpu.run(4);
  look();
  t.cpu.run(2 * count - 10);
  look();
  t.cpu.run(100);

  expect(hadCode).toEqual([1, 0]);
  expect(t.reg16(REG.BX)).toBe(2);
});
