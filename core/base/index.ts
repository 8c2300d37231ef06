/** Small things everything else is built from: disposables, events, results, addresses, byte streams. */
export * from './address.ts';
export * from './bytes.ts';
export * from './disposable.ts';
export * from './emitter.ts';
export * from './result.ts';
export * from './uuid.ts';
