/** A picture of the guest's screen: 32-bit pixels, bytes R G B A (A = 255), row by row without padding. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8ClampedArray;
}

/** Part of a frame that changed, in pixels. */
export interface DirtyRect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What a display adapter offers to whoever shows the screen. */
export interface DisplaySource {
  /** Brings `frame` up to date; returns what changed since the last call (empty: nothing did). */
  refresh(): readonly DirtyRect[];
  /** Valid until the next refresh; its size may change from one refresh to the next. */
  readonly frame: Frame;
  /** The characters of a text mode, one string per row, trailing blanks kept; undefined in graphics modes. */
  text(): readonly string[] | undefined;
}
