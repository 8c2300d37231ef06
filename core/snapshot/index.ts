/** Guest memory as of an instant, taken while the guest runs on; and brought back while it runs already. */
export * from './guest-memory.ts';
