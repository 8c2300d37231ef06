/**
 * The machine code of the system ROM: each entry point calls out to the host, then goes on as real firmware would.
 * A handler tells the stub's next instruction what to do in the live carry flag; what the caller sees, it puts into
 * the FLAGS image that IRET pops.
 */
import { Assembler } from './asm.ts';
import { BDA } from './bda.ts';
import { CALLOUT, EBDA, EBDA_SEGMENT, FLAT_CODE, FLAT_DATA, ROM, ROM_SEGMENT, ROM_SIZE_BYTES } from './layout.ts';

/** What INT09_TRANSLATE leaves in AL for the stub to do. */
export const KEY_ACTION = {
  NONE: 0,
  BREAK: 1,
  PRINT_SCREEN: 2,
  PAUSE: 3,
  SYSRQ_DOWN: 4,
  SYSRQ_UP: 5,
  /** A key was stored: INT 15h AX=9102h lets a multitasker run who waits for it. */
  POSTED: 6,
} as const;

/** AL after CALLOUT.POST with carry set: how to resume after a reset that CMOS 0Fh announced. */
export const RESUME = { JUMP: 0, INTERRUPT_RETURN: 9 } as const;

const BDA_SEGMENT = 0x40;
/** High word of the tick count from 24 times 65536 ticks on: the day ends at 1800B0h. */
const LAST_HOUR = 0x18;
const PIC_MASTER = 0x20;
const EOI = 0x20;
/** Of INT 15h AH=89h's table: the BIOS's own code. */
export const BIOS_CODE_SELECTOR = 0x38;
const RESUME_POINTER = 0x67;
const PCI32_ENTRY = ROM.CODE_32 + 0x40;

/** Offsets of the handlers that POST puts into the vector table, by label. */
export type StubLabels = ReadonlyMap<string, number>;

export function assembleStubs(image: Uint8Array): StubLabels {
  const asm = new Assembler(image);
  compatibleEntries(asm);
  post(asm);
  keyboardInterrupt(asm);
  otherInterrupts(asm);
  protectedServices(asm);
  asm.finish();
  return asm.labels;
}

function service(asm: Assembler, at: number, limit: number, vector: number): void {
  asm.org(at, limit).callout(vector).iret();
}

function compatibleEntries(asm: Assembler): void {
  asm.org(ROM.RESET, ROM.DATE).jmpFar(0xf000, ROM.POST);
  asm.org(ROM.POST, 0xe070).jmp('post');
  asm.org(ROM.INT02, 0xe2d0).iret();
  service(asm, ROM.INT13_DISK, ROM.FIXED_DISK_TABLE + 8, 0x13);
  asm.org(ROM.INT19, ROM.CONFIG_TABLE).jmp('int19');
  asm.org(ROM.INT14, 0xe760).callout(0x14).j('c', 'int14_wait').iret();
  asm.label('int14_wait').sti().callout(CALLOUT.INT14_RETRY).j('c', 'int14_wait').iret();
  asm.org(ROM.INT16, 0xe850).jmp('int16');
  asm.org(ROM.INT09, 0xe9a0).jmp('int09');
  service(asm, ROM.INT13, 0xec70, 0x13);
  service(asm, ROM.INT0E, 0xef70, 0x0e);
  service(asm, ROM.INT17, 0xf000, 0x17);
  // Long strings are written in slices, so that no call-out holds the host for long.
  asm.org(ROM.INT10, 0xf080).callout(0x10).j('c', 'int10_more').iret();
  asm.label('int10_more').callout(CALLOUT.INT10_MORE).j('c', 'int10_more').iret();
  service(asm, ROM.INT12, ROM.INT11, 0x12);
  service(asm, ROM.INT11, ROM.INT15, 0x11);
  asm.org(ROM.INT15, 0xf880).jmp('int15');
  asm.org(ROM.INT1A, ROM.INT08).jmp('int1a');
  asm.org(ROM.INT08, ROM.VECTOR_TABLE).jmp('int08');
  asm.org(ROM.DUMMY_IRET, ROM.INT05).iret();
  service(asm, ROM.INT05, 0xff70, 0x05);
}

function post(asm: Assembler): void {
  asm.org(0xe070, ROM.INT02).label('post').cli().cld();
  asm.callout(CALLOUT.POST).j('c', 'resume');
  asm.bytes(0xdb, 0xe3); // FNINIT: power-on leaves every exception unmasked
  asm.sti().label('boot_menu').callout(CALLOUT.BOOT_MENU).j('nc', 'boot').hlt().jmp('boot_menu');
  asm.label('boot').int(0x19);
  asm.label('resume').movImm('bx', BDA_SEGMENT).bytes(0x8e, 0xdb); // MOV DS, BX
  asm.cmpAlImm(RESUME.INTERRUPT_RETURN).j('z', 'resume_iret').jmpFarIndirect(RESUME_POINTER);
  // An INT 15h AH=87h of another BIOS's making: registers and frame are on the stack that 40:67 names.
  asm.label('resume_iret').lssSp(RESUME_POINTER).pop('es').pop('ds').popa().iret();

  asm.label('int18').callout(0x18).j('c', 'boot_failed').iret();
  asm.label('int19').callout(0x19).j('c', 'boot_failed').iret();
  asm.label('boot_failed').callout(CALLOUT.BOOT_FAILED);
  asm.label('boot_key').sti().hlt().callout(CALLOUT.BOOT_KEY).j('c', 'boot_key').jmp('int19');

  // A kernel's entry in ECX, what it gets in EAX and EBX: protected mode with flat segments, without paging.
  asm.label('protected_start').cli();
  asm.bytes(0x66, 0x2e, 0x0f, 0x01, 0x16).word(ROM.FLAT_GDT_POINTER); // LGDT CS:[FLAT_GDT_POINTER]
  asm.bytes(0x0f, 0x20, 0xc2, 0x80, 0xca, 0x01, 0x0f, 0x22, 0xc2); // MOV EDX,CR0; OR DL,1; MOV CR0,EDX
  const target = asm.offset + 8;
  asm
    .bytes(0x66, 0xea)
    .word(target)
    .word(ROM_SEGMENT >> 12)
    .word(FLAT_CODE); // JMP FLAT_CODE:target
  asm.bytes(0x66, 0xba).word(FLAT_DATA); // MOV DX,FLAT_DATA
  asm.bytes(0x8e, 0xda, 0x8e, 0xc2, 0x8e, 0xe2, 0x8e, 0xea, 0x8e, 0xd2); // into DS, ES, FS, GS, SS
  asm.bytes(0x31, 0xd2, 0xff, 0xe1); // XOR EDX,EDX; JMP ECX

  asm.label('int15').callout(0x15).j('c', 'int15_wait').iret();
  asm.label('int15_wait').sti().hlt().callout(CALLOUT.INT15_WAITING).j('c', 'int15_wait').iret();

  // The rest of INT 15h AH=89h: the tables that ES:SI names, then back to the caller through its code descriptor.
  asm.label('protected_switch').cli();
  asm.bytes(0x26, 0x0f, 0x01, 0x5c, 0x10, 0x26, 0x0f, 0x01, 0x54, 0x08); // LIDT ES:[SI+10h]; LGDT ES:[SI+8]
  asm.bytes(0x0f, 0x01, 0xe0, 0x0c, 0x01, 0x0f, 0x01, 0xf0); // SMSW AX; OR AL,1; LMSW AX
  asm.jmpFar(BIOS_CODE_SELECTOR, asm.offset + 5);
  asm.movImm('ax', 0x18).movDsAx().movImm('ax', 0x20).bytes(0x8e, 0xc0); // MOV ES,AX
  asm.movImm('ax', 0x28).bytes(0x8e, 0xd0); // MOV SS,AX
  asm.pop('bx').addSp(4).bytes(0x6a, 0x30).push('bx'); // the return address; its segment becomes selector 30h
  asm.bytes(0x31, 0xc0).retf(); // XOR AX,AX: AH=0, carry clear

  asm.label('int16').callout(0x16).j('c', 'int16_wait').iret();
  asm.label('int16_wait').sti().hlt().cli().jmp('int16');
}

function keyboardInterrupt(asm: Assembler): void {
  asm.org(0xe9a0, 0xeb00).label('int09').push('ax').callout(CALLOUT.INT09_READ).j('c', 'key_end');
  asm.movAhImm(0x4f).stc().int(0x15).j('nc', 'key_end');
  asm.callout(CALLOUT.INT09_TRANSLATE);
  asm.cmpAlImm(KEY_ACTION.NONE).j('z', 'key_done');
  asm.cmpAlImm(KEY_ACTION.POSTED).j('z', 'key_posted');
  asm.cmpAlImm(KEY_ACTION.BREAK).j('z', 'key_break');
  asm.cmpAlImm(KEY_ACTION.PRINT_SCREEN).j('z', 'key_print');
  asm.cmpAlImm(KEY_ACTION.PAUSE).j('z', 'key_pause');
  asm.bytes(0x2c, KEY_ACTION.SYSRQ_DOWN); // SUB AL, imm8: 0 pressed, 1 released
  asm.movAhImm(0x85).sti().int(0x15).jmp('key_done');
  asm.label('key_posted').movImm('ax', 0x9102).int(0x15).jmp('key_done');
  asm.label('key_break').int(0x1b).jmp('key_done');
  asm.label('key_print').int(0x05).jmp('key_done');
  asm.label('key_pause').sti().hlt().callout(CALLOUT.INT09_PAUSED).j('c', 'key_pause').jmp('key_done');
  asm.label('key_end').callout(CALLOUT.INT09_END);
  asm.label('key_done').pop('ax').iret();
}

function otherInterrupts(asm: Assembler): void {
  asm.org(0xeb00, ROM.INT13);
  // All that a machine without work does, 18 times a second: call-outs only when a motor runs and from 23:54 on.
  asm.label('int08').push('ax').push('dx').push('ds').movImm('ax', BDA_SEGMENT).movDsAx();
  asm.bytes(0x80, 0x3e).word(BDA.FLOPPY_MOTOR_COUNT).bytes(0).j('nz', 'tick_more'); // CMP byte [..],0
  asm
    .bytes(0x81, 0x3e)
    .word(BDA.TICKS + 2)
    .word(LAST_HOUR)
    .j('nc', 'tick_more'); // CMP word [TICKS+2],LAST_HOUR
  asm.bytes(0x66, 0xff, 0x06).word(BDA.TICKS); // INC dword [TICKS]
  asm.label('tick_end').int(0x1c).cli().movAlImm(EOI).outImm(PIC_MASTER).pop('ds').pop('dx').pop('ax').iret();
  asm.label('tick_more').callout(0x08).jmp('tick_end');

  // Programs that wait poll AH=00h without end: it is answered here, as a call-out costs them far more.
  asm.label('int1a').bytes(0x84, 0xe4).j('nz', 'int1a_other'); // TEST AH,AH
  asm.push('ds').movImm('ax', BDA_SEGMENT).movDsAx();
  asm
    .bytes(0x8b, 0x0e)
    .word(BDA.TICKS + 2)
    .bytes(0x8b, 0x16)
    .word(BDA.TICKS); // MOV CX,[TICKS+2]; MOV DX,[TICKS]
  asm.bytes(0x31, 0xc0, 0x86, 0x06).word(BDA.TICK_OVERFLOW).pop('ds'); // XOR AX,AX; XCHG AL,[TICK_OVERFLOW]
  asm.push('bp').bytes(0x89, 0xe5, 0x80, 0x66, 0x06, 0xfe).pop('bp').iret(); // MOV BP,SP; AND byte [BP+6],~CF
  asm.label('int1a_other').callout(0x1a).iret();

  asm.label('int70').push('ax').callout(0x70).j('nc', 'rtc_end').sti().int(0x4a).cli();
  asm.label('rtc_end').callout(CALLOUT.EOI_SLAVE).pop('ax').iret();

  // With carry set the handler has pushed status, x, y and z for the program's far routine.
  asm.label('int74').pusha().push('ds').push('es').callout(0x74).j('nc', 'mouse_end');
  asm.movImm('ax', EBDA_SEGMENT).movDsAx().callFarIndirect(EBDA.MOUSE_HANDLER).addSp(8).cli();
  asm.label('mouse_end').callout(CALLOUT.EOI_SLAVE).pop('es').pop('ds').popa().iret();

  // VBE's window function for far calls: BX and DX as for INT 10h AX=4F05h.
  asm.label('vbe_window').push('ax').movImm('ax', 0x4f05).int(0x10).pop('ax').retf();

  asm.label('int75').callout(0x75).int(0x02).iret();
  asm.label('int76').callout(0x76).iret();
  asm.label('irq_master').callout(CALLOUT.EOI_MASTER).iret();
  asm.label('irq_slave').callout(CALLOUT.EOI_SLAVE).iret();
}

/**
 * 32-bit code: the BIOS32 service directory (Phoenix "Standard BIOS 32-bit Service Directory Proposal" 0.4) and PCI BIOS
 * (PCI BIOS Specification 2.1, section 3.3). Callers may use any code segment base, with a data segment like it: the
 * call-out finds its place from where it runs.
 */
function protectedServices(asm: Assembler): void {
  const word32 = (value: number): Assembler => asm.word(value & 0xffff).word(value >>> 16);
  asm.org(ROM.CODE_32, ROM.BIOS32).label('bios32');
  asm.bytes(0x3d).text('$PCI'); // CMP EAX,'$PCI'
  asm.j('nz', 'bios32_unknown').bytes(0xbb);
  word32(ROM_SEGMENT << 4).bytes(0xb9); // MOV EBX, base; MOV ECX, length
  word32(ROM_SIZE_BYTES).bytes(0xba); // MOV EDX, entry point
  word32(PCI32_ENTRY).bytes(0x30, 0xc0).retf(); // XOR AL,AL
  asm.label('bios32_unknown').bytes(0xb0, 0x80).retf(); // MOV AL,80h

  asm.org(PCI32_ENTRY, ROM.BIOS32).bytes(0x55, 0xe8);
  word32(0); // PUSH EBP; CALL the next instruction
  const here = asm.offset;
  asm.bytes(0x5d, 0x81, 0xc5); // POP EBP; ADD EBP, distance to the call-out
  word32(ROM.CALLOUT - here);
  asm.bytes(0x3e, 0x66, 0xc7, 0x45, 0x00).word(CALLOUT.PCI32); // MOV word DS:[EBP], n
  asm.bytes(0x5d).retf();
}
