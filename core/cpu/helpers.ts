/**
 * What generated code may ask of TypeScript, in the order of the numbers that it passes. Arguments and results are
 * 32-bit; a helper that raises a fault sets S.fault, and the code returns at once. Implemented by system.ts.
 */
export const HELPERS = [
  'divideError',
  'boundRangeExceeded',
  'undefinedOpcode',
  'codeLimit',
  'loadSegment',
  'farJump',
  'farCall',
  'farReturn',
  'interruptReturn',
  'softwareInterrupt',
  'breakpoint',
  'debugTrap',
  'readEflags',
  'writeEflags',
  'clearInterruptFlag',
  'setInterruptFlag',
  'halt',
  'checkPort',
  'portRead',
  'portWrite',
  'storeGdtr',
  'storeIdtr',
  'loadGdtr',
  'loadIdtr',
  'storeLdtr',
  'storeTr',
  'loadLdtr',
  'loadTr',
  'verifyRead',
  'verifyWrite',
  'loadAccessRights',
  'loadSegmentLimit',
  'readControlRegister',
  'writeControlRegister',
  'readDebugRegister',
  'writeDebugRegister',
  'storeMachineStatus',
  'loadMachineStatus',
  'clearTaskSwitched',
  'readMsr',
  'writeMsr',
  'invalidateCaches',
  'readTimeStamp',
  'readPerformanceCounter',
  'cpuid',
  'invalidatePage',
  'sysenter',
  'sysexit',
] as const;

export type HelperName = (typeof HELPERS)[number];

/** One function per name; the result of those that give none is ignored. */
export type HelperTable = Record<HelperName, (a: number, b: number, c: number) => number | void>;
