/** `fit`: as large as it goes; `integer`: the largest whole multiple of a pixel; `actual`: one guest pixel, one pixel. */
export const SCALINGS = ['fit', 'integer', 'actual'] as const;
export type Scaling = (typeof SCALINGS)[number];

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface ScaledScreen extends Size {
  /** What the picture is enlarged by, pixel by pixel, before it is brought to this size. */
  readonly multiple: number;
  /** Not reduced at the end: what is reduced is smoothed, or lines would vanish. */
  readonly sharp: boolean;
}

/**
 * Size of the canvas in CSS pixels. `area` is in CSS pixels; whole multiples are of the display's own pixels, of which
 * `devicePixelRatio` make one. A picture that does not fit at 1 : 1 is reduced under `integer`, and scrolls under `actual`.
 */
export function scaleScreen(guest: Size, area: Size, devicePixelRatio: number, scaling: Scaling): ScaledScreen {
  const toFit = Math.min(area.width / guest.width, area.height / guest.height) * devicePixelRatio;
  const whole = toFit >= 1 ? Math.floor(toFit) : toFit;
  const factor = { fit: toFit, integer: whole, actual: 1 }[scaling];
  const css = factor / devicePixelRatio;
  // Without this, some of the pixels would be wider than others by a whole pixel of the display.
  const multiple = factor > 1 && !Number.isInteger(factor) ? Math.ceil(factor) : 1;
  return { width: guest.width * css, height: guest.height * css, multiple, sharp: factor >= 1 && multiple === 1 };
}
