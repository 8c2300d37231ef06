/** Numbers by which generated code names SSE arithmetic to the helper that carries it out element by element. */
export const SSE_OP = {
  ADD: 0,
  SUB: 1,
  MUL: 2,
  DIV: 3,
  SQRT: 4,
  MIN: 5,
  MAX: 6,
  /** Even elements are subtracted, odd ones added. */
  ADDSUB: 7,
  /** The detail is CMPPS's predicate. */
  COMPARE: 8,
  /** The detail is ROUNDPS's control. */
  ROUND: 9,
  /** Between the formats; single is the source of WIDEN and the result of NARROW. */
  WIDEN: 10,
  NARROW: 11,
  /** Doublewords; the detail of TO_INTEGER is 1 to truncate. */
  FROM_INTEGER: 12,
  TO_INTEGER: 13,
  /** The detail chooses products and places. */
  DOT_PRODUCT: 14,
} as const;

/** Second argument: elements that count, and their format (of the source where it changes). */
export const SSE_DOUBLE = 8;
