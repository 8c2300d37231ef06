/** Keys by physical position: `KeyboardEvent.code` names ("KeyA", "Enter", "ArrowUp", "NumpadAdd", "ControlLeft"). */
export interface KeyboardInput {
  /** False when the name is unknown. Repeats are the caller's: send `down` again. */
  key(code: string, down: boolean): boolean;
  releaseAll(): void;
}

export interface MouseInput {
  /** Relative motion in counts, y down; wheel in notches, positive towards the user. */
  move(dx: number, dy: number, wheel: number): void;
  /** Bit 0 left, bit 1 right, bit 2 middle. */
  buttons(mask: number): void;
}

export interface PointerInput extends MouseInput {
  /** The guest takes positions: `moveTo` reaches it. Else `move` alone does. */
  readonly absolute: boolean;
  /** `x`, `y`: 0 to 65535 over the whole screen; wheel as for `move`. */
  moveTo(x: number, y: number, wheel: number): void;
}

/** Types text as key strokes of a US keyboard, paced in guest time. */
export interface TypistInput {
  type(text: string): void;
  /** Key names pressed together: ["ControlLeft", "AltLeft", "Delete"]. */
  chord(codes: readonly string[]): boolean;
  readonly busy: boolean;
  /** Bytes of its queue that are left to type. */
  readonly waiting: number;
  /** Forgets what is not typed yet. Keys that are down are still released. */
  stop(): void;
}

export interface SerialInput {
  /** Queues bytes towards the guest. */
  receive(data: Uint8Array): void;
}
