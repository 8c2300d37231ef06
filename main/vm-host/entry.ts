import { enableCompileCache } from 'node:module';

/** The entry of a machine's process: Electron utilityProcess or Node child. */
enableCompileCache();
// After it, so that their code is kept as well.
const { expectPc, pcFactory } = await import('./pc-factory.ts');
expectPc();
const [{ serveMachine }, { connectParent }, { prepare }] = await Promise.all([
  import('./host.ts'),
  import('./parent.ts'),
  import('./prepare.ts'),
]);
serveMachine(connectParent(), pcFactory, prepare);
