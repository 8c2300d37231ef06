import { enableCompileCache } from 'node:module';

/** The entry of a machine's process: Electron utilityProcess or Node child. */
enableCompileCache();
// After it, so that their code is kept as well.
const [{ serveMachine }, { connectParent }, { pcFactory }, { prepare }] = await Promise.all([
  import('./host.ts'),
  import('./parent.ts'),
  import('./pc-factory.ts'),
  import('./prepare.ts'),
]);
serveMachine(connectParent(), pcFactory, prepare);
