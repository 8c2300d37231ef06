import type { PointerInput } from '../backends/index.ts';
import type { Ps2MouseDevice } from '../devices/input/index.ts';
import { POINTER_UNITS, type VmMouse } from '../devices/misc/vmmouse.ts';

/**
 * The person's one pointer: goes to the absolute pointer while the guest listens to that, else to the PS/2 mouse.
 * Relative motion reaches an absolute guest as well, in pixels of its screen.
 */
export class BoardPointer implements PointerInput {
  readonly #mouse: Ps2MouseDevice;
  readonly #absolute: VmMouse | undefined;
  readonly #screen: () => { readonly width: number; readonly height: number };

  constructor(
    mouse: Ps2MouseDevice,
    absolute: VmMouse | undefined,
    screen: () => { readonly width: number; readonly height: number },
  ) {
    this.#mouse = mouse;
    this.#absolute = absolute;
    this.#screen = screen;
  }

  get absolute(): boolean {
    return this.#absolute?.active ?? false;
  }

  move(dx: number, dy: number, wheel: number): void {
    const pointer = this.#absolute;
    if (!pointer?.active) {
      this.#mouse.move(dx, dy, wheel);
      return;
    }
    const { width, height } = this.#screen();
    const { x, y, buttons } = pointer.state;
    pointer.pointer(x + (dx * POINTER_UNITS) / width, y + (dy * POINTER_UNITS) / height, buttons, wheel);
  }

  moveTo(x: number, y: number, wheel: number): void {
    const pointer = this.#absolute;
    if (pointer?.active) pointer.pointer(x, y, pointer.state.buttons, wheel);
  }

  buttons(mask: number): void {
    const pointer = this.#absolute;
    if (!pointer?.active) {
      this.#mouse.buttons(mask);
      return;
    }
    this.#mouse.buttons(0); // one that went down before the guest changed over is not held for ever
    pointer.pointer(pointer.state.x, pointer.state.y, mask, 0);
  }
}
