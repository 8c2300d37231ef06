/** WebAssembly module encoder; knows no x86. */
export * from './encoder.ts';
export { OPV } from './simd.ts';
