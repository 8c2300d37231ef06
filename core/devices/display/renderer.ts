/**
 * The picture on the monitor, brought up to date when someone looks (no beam is raced: registers are taken as they
 * stand at a refresh). Everything in here is a cache of the adapter's state.
 */
import type { Clock, DirtyRect, DisplaySource, Frame } from '../../backends/index.ts';
import { FrameBuffer } from './frame-buffer.ts';
import { drawDispi, type VramViews } from './render-dispi.ts';
import { drawGraphics } from './render-graphics.ts';
import { TextRenderer } from './render-text.ts';
import { ScreenText } from './screen-text.ts';
import { VgaColours } from './vga-colours.ts';
import type { VgaChanges } from './vga-dirty.ts';
import { readLayout, type Layout } from './vga-layout.ts';
import type { VgaState } from './vga-state.ts';
import { vgaTiming } from './vga-timing.ts';

const BLACK = 0xff000000;

export class VgaRenderer implements DisplaySource {
  readonly #state: VgaState;
  readonly #changes: VgaChanges;
  readonly #clock: Clock;
  readonly #vram: VramViews;
  readonly #colours = new VgaColours();
  readonly #target = new FrameBuffer(720, 400);
  readonly #textRenderer: TextRenderer;
  readonly #screenText = new ScreenText();
  #layout: Layout = { kind: 'blank', overscan: false, textMode: true };
  #frameNs = Infinity;

  constructor(state: VgaState, changes: VgaChanges, clock: Clock) {
    this.#state = state;
    this.#changes = changes;
    this.#clock = clock;
    const { buffer, byteOffset, length } = state.vram;
    this.#vram = {
      bytes: state.vram,
      words: new Uint16Array(buffer, byteOffset, length / 2),
      planes: new Uint32Array(buffer, byteOffset, length / 4),
    };
    this.#textRenderer = new TextRenderer(state, this.#vram.planes, this.#colours);
  }

  get frame(): Frame {
    return this.#target.frame;
  }

  text(): readonly string[] | undefined {
    const layout = this.#changes.layout ? readLayout(this.#state) : this.#layout;
    if (layout.kind === 'text') return this.#screenText.read(layout, this.#vram.planes);
    // A text screen that is switched off shows no characters, but it is no picture either.
    return layout.kind === 'blank' && layout.textMode ? [] : undefined;
  }

  refresh(): readonly DirtyRect[] {
    const changes = this.#changes;
    const target = this.#target;
    if (changes.palette) this.#colours.update(this.#state);
    if (changes.layout) this.#takeLayout();
    const layout = this.#layout;
    const everything = changes.layout || changes.palette;
    switch (layout.kind) {
      case 'blank':
        if (everything) target.fill(layout.overscan ? this.#colours.overscan : BLACK);
        break;
      case 'text':
        this.#textRenderer.draw(layout, target, changes, Math.floor(this.#clock.nowNs / this.#frameNs));
        break;
      case 'dispi':
        drawDispi(layout, target, changes, this.#vram, this.#colours, everything);
        break;
      default:
        drawGraphics(layout, target, changes, this.#vram.planes, this.#colours, everything);
    }
    changes.pages.fill(0);
    changes.font = changes.layout = changes.palette = false;
    return target.takeDirty();
  }

  #takeLayout(): void {
    const before = this.#layout;
    const layout = readLayout(this.#state);
    this.#layout = layout;
    this.#frameNs = vgaTiming(this.#state).frameNs;
    // A screen that is switched off keeps its size.
    if (layout.kind === 'blank') return;
    if (layout.width !== this.#target.width || layout.height !== this.#target.height) {
      this.#target.resize(layout.width, layout.height);
      this.#textRenderer.invalidate();
    }
    if (before.kind !== layout.kind) this.#textRenderer.invalidate();
  }
}
