import { expect, test } from 'vitest';
import { VmMouse } from './vmmouse.ts';

const MAGIC = 0x564d5868;
const ENABLE = 0x45414552;
const ABSOLUTE = 0x53424152;
const RELATIVE = 0x4c455252;

function backdoor() {
  const registers = { eax: 0, ebx: 0, ecx: 0, edx: 0, esi: 0, edi: 0 };
  let wakes = 0;
  const mouse = new VmMouse('vmmouse', { registers: () => registers, memoryMiB: 256, wake: () => wakes++ });
  const call = (command: number, ebx = 0, eax = MAGIC): number => {
    Object.assign(registers, { eax, ebx, ecx: command });
    return mouse.ioRead(0, 0, 4);
  };
  return { mouse, registers, call, wakes: () => wakes };
}

function listening() {
  const b = backdoor();
  b.call(41, ENABLE);
  b.call(39, 1);
  b.call(41, ABSOLUTE);
  return b;
}

test('the version call returns the magic number', () => {
  const b = backdoor();

  const version = b.call(10);

  expect([version, b.registers.ebx]).toEqual([6, MAGIC]);
});

test('without the magic number, or for unknown commands, nobody is there', () => {
  const b = backdoor();

  expect([b.call(10, 0, 1), b.call(999), b.mouse.ioRead(0, 0, 1)]).toEqual([0xffffffff, 0xffffffff, 0xff]);
});

test('enabling queues the version that the driver checks', () => {
  const b = backdoor();
  expect(b.call(40) >>> 16).toBe(0xffff);

  b.call(41, ENABLE);

  expect(b.call(40)).toBe(1);
  expect(b.call(39, 1)).toBe(0x3442554a);
});

test('a position arrives as four words and wakes the driver', () => {
  const b = listening();

  b.mouse.pointer(0x1234, 0x8000, 0b011, -1);

  expect(b.wakes()).toBe(1);
  expect(b.call(40)).toBe(4);
  const buttons = b.call(39, 4);
  expect([buttons, b.registers.ebx, b.registers.ecx, b.registers.edx]).toEqual([0x30, 0x1234, 0x8000, 0xffffffff]);
  expect(b.call(40)).toBe(0);
});

test('positions are not taken before the driver asks for them, nor after it goes back to relative ones', () => {
  const b = listening();
  expect(b.mouse.active).toBe(true);

  b.call(41, RELATIVE);
  b.mouse.pointer(1, 1, 0, 0);

  expect([b.mouse.active, b.wakes(), b.call(40)]).toEqual([false, 0, 0]);
});

test('asking for more words than there are is an error that disables the pointer', () => {
  const b = listening();

  b.call(39, 4);

  expect(b.call(40)).toBe(0xffff0000);
  expect(b.mouse.active).toBe(false);
});

test('a driver that does not read loses positions, never whole packets in part', () => {
  const b = listening();

  for (let i = 0; i < 1000; i++) b.mouse.pointer(i, i, 0, 0);

  const waiting = b.call(40);
  expect(waiting % 4).toBe(0);
  expect(b.wakes()).toBe(waiting / 4);
});
