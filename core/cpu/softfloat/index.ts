/** Exact x87 arithmetic on 80-bit registers, and SSE arithmetic beyond what WebAssembly's own instructions give. */
export {
  CONDITION,
  EXCEPTION,
  EXPONENT_BIAS,
  EXPONENT_MAX,
  FloatContext,
  Floatx80,
  isDenormal,
  isInfinity,
  isNaN80,
  isSignaling,
  isUnsupported,
  isZero,
  ROUND,
  setControlWord,
  setIndefinite,
  TAG,
  tagOf,
} from './floatx80.ts';
export { add, div, mul, sqrt, sub } from './arithmetic.ts';
export { BCD, fromBcd, toBcd } from './bcd.ts';
export { compare, comparisonEflags, EQUAL, examine, GREATER, LESS, statusConditions, UNORDERED } from './compare.ts';
export { CONSTANTS, loadConstant } from './constants.ts';
export { fromInteger, INTEGER, roundToInteger, toInteger } from './integer.ts';
export { exponential, yLog2, yLog2Plus1 } from './logarithm.ts';
export {
  expandFloat32,
  expandFloat64,
  loadFloat32,
  loadFloat64,
  NARROW,
  storeFloat32,
  storeFloat64,
} from './narrow.ts';
export { remainder } from './remainder.ts';
export { absolute, changeSign, extract, scale } from './scale.ts';
export { arctangent, cosine, sine, sineCosine, tangent } from './trigonometry.ts';
export * as sse from './sse.ts';
