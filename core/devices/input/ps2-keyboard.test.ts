import { describe, expect, it } from 'vitest';
import type { KeyboardInput } from '../../backends/index.ts';
import type { Ps2Device } from './ps2-device.ts';
import { Ps2KeyboardDevice } from './ps2-keyboard.ts';
import { KEYS, keyIndex, set2ToSet1 } from './scancodes.ts';

function drain(device: Ps2Device): string {
  const bytes: string[] = [];
  for (let byte = device.take(); byte !== undefined; byte = device.take())
    bytes.push(byte.toString(16).padStart(2, '0'));
  return bytes.join(' ');
}

function command(keyboard: Ps2KeyboardDevice, ...bytes: number[]): string {
  return bytes
    .map((byte) => {
      keyboard.write(byte);
      return drain(keyboard);
    })
    .join(' ');
}

function keyboard(...commands: number[]): Ps2KeyboardDevice {
  const device = new Ps2KeyboardDevice('keyboard');
  device.reset();
  command(device, ...commands);
  return device;
}

/** "+A" presses, "-A" releases; the codes that come out. */
function keys(device: Ps2KeyboardDevice, ...events: string[]): string {
  for (const event of events) expect(device.key(event.slice(1), event.startsWith('+')), event).toBe(true);
  return drain(device);
}

describe('scan codes', () => {
  it('give the set 1 numbers of the PC/AT keyboard in their order', () => {
    const positions = [
      'Escape Digit1 Digit2 Digit3 Digit4 Digit5 Digit6 Digit7 Digit8 Digit9 Digit0 Minus Equal Backspace Tab',
      'KeyQ KeyW KeyE KeyR KeyT KeyY KeyU KeyI KeyO KeyP BracketLeft BracketRight Enter ControlLeft',
      'KeyA KeyS KeyD KeyF KeyG KeyH KeyJ KeyK KeyL Semicolon Quote Backquote ShiftLeft Backslash',
      'KeyZ KeyX KeyC KeyV KeyB KeyN KeyM Comma Period Slash ShiftRight NumpadMultiply AltLeft Space CapsLock',
      'F1 F2 F3 F4 F5 F6 F7 F8 F9 F10 NumLock ScrollLock Numpad7 Numpad8 Numpad9 NumpadSubtract',
      'Numpad4 Numpad5 Numpad6 NumpadAdd Numpad1 Numpad2 Numpad3 Numpad0 NumpadDecimal',
    ]
      .join(' ')
      .split(' ');

    const set1 = positions.map((code) => set2ToSet1(KEYS[keyIndex(code)!].set2 & 0xff));

    expect(set1).toEqual(positions.map((_, i) => i + 1));
    expect(['IntlBackslash', 'F11', 'F12'].map((code) => set2ToSet1(KEYS[keyIndex(code)!].set2))).toEqual([
      0x56, 0x57, 0x58,
    ]);
  });

  it('never give two keys the same code in any set', () => {
    // F24 and the Lang5 of Japanese keyboards share 5Fh in practice; the table has only one of them.
    const set2 = KEYS.map((key) => `${key.set2}${key.kind === 'pause' ? 'pause' : ''}`);
    const set3 = KEYS.map((key) => key.set3).filter((code) => code !== 0);

    expect(new Set(set2).size).toBe(set2.length);
    expect(new Set(set3).size).toBe(set3.length);
    expect(KEYS.length).toBeLessThanOrEqual(256);
  });
});

describe('PS/2 keyboard', () => {
  it('serves as the keyboard of a machine and refuses names it does not know', () => {
    const device: KeyboardInput = keyboard();

    expect(device.key('KeyÄ', true)).toBe(false);
  });

  it('sends set 2 make, typematic and break codes', () => {
    expect(keys(keyboard(), '+KeyA', '+KeyA', '-KeyA', '+ArrowUp', '-ArrowUp')).toBe('1c 1c f0 1c e0 75 e0 f0 75');
  });

  it('sends set 1 when told to', () => {
    expect(keys(keyboard(0xf0, 1), '+KeyA', '-KeyA', '+ControlRight', '-ControlRight')).toBe('1e 9e e0 1d e0 9d');
  });

  it('sends no break codes in set 3 but for the keys that have them, and lets the guest choose', () => {
    const device = keyboard(0xf0, 3);

    expect(keys(device, '+KeyA', '-KeyA', '+ShiftLeft', '-ShiftLeft', '+F1', '+F1')).toBe('1c 12 f0 12 07');
    expect(command(device, 0xfc, 0x1c, 0xf4)).toBe('fa fa fa');
    expect(keys(device, '+KeyA', '+KeyA', '-KeyA')).toBe('1c f0 1c');
    expect(command(device, 0xfa)).toBe('fa');
    expect(keys(device, '+KeyB', '+KeyB', '-KeyB')).toBe('32 32 f0 32');
  });

  it('sends Pause as one long make without break, and Break with Ctrl', () => {
    const device = keyboard();

    expect(keys(device, '+Pause', '+Pause', '-Pause')).toBe('e1 14 77 e1 f0 14 f0 77');
    expect(keys(device, '+ControlLeft', '+Pause', '-Pause')).toBe('14 e0 7e e0 f0 7e');
    expect(keys(keyboard(0xf0, 1), '+Pause')).toBe('e1 1d 45 e1 9d c5');
  });

  it('sends PrintScreen with its pretended Shift, bare with Ctrl, and as SysRq with Alt', () => {
    expect(keys(keyboard(), '+PrintScreen', '+PrintScreen', '-PrintScreen')).toBe(
      'e0 12 e0 7c e0 7c e0 f0 7c e0 f0 12',
    );
    expect(keys(keyboard(), '+ControlLeft', '+PrintScreen', '-PrintScreen')).toBe('14 e0 7c e0 f0 7c');
    expect(keys(keyboard(), '+AltLeft', '+PrintScreen', '-PrintScreen')).toBe('11 84 f0 84');
  });

  it('hides Shift around grey cursor keys, and pretends it with Num Lock', () => {
    expect(keys(keyboard(), '+ShiftLeft', '+Delete', '-Delete')).toBe('12 e0 f0 12 e0 71 e0 f0 71 e0 12');
    expect(keys(keyboard(0xed, 2), '+Delete', '-Delete')).toBe('e0 12 e0 71 e0 f0 71 e0 f0 12');
    expect(keys(keyboard(0xed, 2), '+ShiftRight', '+Delete', '-Delete')).toBe('59 e0 71 e0 f0 71');
    expect(keys(keyboard(), '+ShiftRight', '+NumpadDivide', '-NumpadDivide')).toBe('59 e0 f0 59 e0 4a e0 f0 4a e0 59');
  });

  it('sends nothing for the release of a key that was not pressed', () => {
    expect(keys(keyboard(), '-KeyA')).toBe('');
  });

  it('answers commands as the data sheet says', () => {
    const device = keyboard();

    expect(command(device, 0xee)).toBe('ee');
    expect(command(device, 0xf2)).toBe('fa ab 83');
    expect(command(device, 0xf0, 0)).toBe('fa fa 02');
    expect(command(device, 0xf3, 0x20)).toBe('fa fa');
    expect(command(device, 0xff)).toBe('fa aa');
    expect(command(device, 0x00)).toBe('fe');
    expect(command(device, 0xee, 0xfe)).toBe('ee ee');
  });

  it('shows its lights', () => {
    expect(keyboard(0xed, 5).leds).toBe(5);
  });

  it('takes a command in the place of an argument as a command', () => {
    const device = keyboard();

    expect(command(device, 0xed, 0xf2)).toBe('fa fa ab 83');
    expect(device.leds).toBe(0);
  });

  it('reports no keys while disabled', () => {
    const device = keyboard(0xf5);

    expect(keys(device, '+KeyA', '-KeyA')).toBe('');
    command(device, 0xf4);
    expect(keys(device, '+KeyA')).toBe('1c');
  });

  it('marks an overrun once, keeps sixteen bytes, and reports keys again when there is room', () => {
    const device = keyboard();

    const letters = [...'QWERTYUIOPASDFGHJKL'].map((letter) => `+Key${letter}`);
    const codes = keys(device, ...letters).split(' ');

    expect(codes).toHaveLength(17);
    expect(codes[16]).toBe('00');
    expect(keys(device, '+KeyZ')).toBe('1a');
  });

  it('sends a break code that found no room as soon as there is some', () => {
    const device = keyboard();
    for (const letter of 'QWERTYUIOPASDFG') device.key(`Key${letter}`, true);

    device.releaseAll();
    const codes = drain(device).split(' ');

    expect(codes.filter((code) => code === 'f0')).toHaveLength(15);
    expect(codes).not.toContain('00');
    expect(device.hasData).toBe(false);
  });

  it('puts an answer before waiting keys but never between a prefix and its code', () => {
    const device = keyboard();
    device.key('ArrowUp', true);
    device.key('KeyA', true);

    const first = device.take();
    device.write(0xee);

    expect([first, device.take(), device.take(), device.take()]).toEqual([0xe0, 0x75, 0xee, 0x1c]);
  });
});
