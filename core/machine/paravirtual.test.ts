import { expect, test } from 'vitest';
import { HLT, REPORT, TestPc, report, withRom } from './pc.fixture.ts';

const mov32 = (register: number, value: number): number[] => [
  0x66,
  0xb8 + register,
  ...[0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff),
];
const [EAX, ECX, EBX] = [0, 1, 3];
/** The backdoor call: EAX the magic number, CX the command, EBX its argument; IN EAX,DX. */
const backdoor = (command: number, argument = 0): number[] => [
  ...mov32(EAX, 0x564d5868),
  ...mov32(EBX, argument),
  ...mov32(ECX, command),
  ...[0xba, 0x58, 0x56, 0x66, 0xed],
];
const LISTEN = [...backdoor(41, 0x45414552), ...backdoor(39, 1), ...backdoor(41, 0x53424152)];

test('a firmware reads the size of memory from fw_cfg', () => {
  const readByte = [0xec, ...REPORT]; // IN AL,DX
  const pc = withRom([
    ...[0xba, 0x10, 0x05, 0xb8, 0x03, 0x00, 0xef, 0x42], // MOV DX,510h; MOV AX,3; OUT DX,AX; INC DX
    ...[...readByte, ...readByte, ...readByte, ...readByte],
    HLT,
  ]);

  pc.machine.run(1e6);

  expect(pc.debug).toEqual([0, 0, 0x20, 0]);
});

test.each(['interpreter', 'jit'] as const)('VMware’s backdoor answers in registers with the engine %s', (engine) => {
  const pc = withRom([...backdoor(10), ...REPORT, 0x88, 0xd8, ...REPORT, HLT], { engine }); // MOV AL,BL

  pc.machine.run(1e6);

  expect(pc.debug).toEqual([6, 0x68]);
});

test('the pointer takes positions once the guest listens to the absolute one', () => {
  const pc = withRom([...LISTEN, ...report('L'), HLT]);
  const before = pc.machine.mouse.absolute;

  pc.machine.run(1e6);

  expect([before, pc.machine.mouse.absolute]).toEqual([false, true]);
});

test('positions, and relative motion in pixels, wait for a guest that takes positions', () => {
  const pc = withRom([...LISTEN, HLT]);
  pc.machine.run(1e6);

  pc.machine.mouse.moveTo(0x8000, 0x4000, 0);
  pc.machine.mouse.move(1, 0, 0);
  pc.machine.mouse.buttons(1);

  const moved = Math.round(0x8000 + 0x10000 / pc.machine.display.frame.width).toString(16);
  const packets = `0x0 0x8000 0x4000 0x0 0x0 0x${moved} 0x4000 0x0 0x20 0x${moved} 0x4000 0x0`;
  expect(pc.machine.describe()['vmmouse'].join('\n')).toContain(packets);
});

test('nothing answers at the backdoor when the machine has the PS/2 mouse alone', () => {
  const pc = withRom([...backdoor(10), ...REPORT, HLT], { pointer: 'ps2' });

  pc.machine.run(1e6);

  expect(pc.debug).toEqual([0xff]);
});

test('virtio parts are there unless they are not wanted', () => {
  const parts = (paravirtual: boolean): string[] =>
    Object.keys(new TestPc({ paravirtual }).machine.describe()).filter((name) => name.startsWith('virtio'));

  expect([parts(true), parts(false)]).toEqual([['virtio-rng', 'virtio-balloon'], []]);
});
