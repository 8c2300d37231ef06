/** Keyboard, mouse, their controller, and hands that type. */
export * from './i8042.ts';
export * from './key-names.ts';
export * from './ps2-device.ts';
export * from './ps2-keyboard.ts';
export * from './ps2-mouse.ts';
export * from './scancodes.ts';
export * from './typist.ts';
export * from './us-layout.ts';
