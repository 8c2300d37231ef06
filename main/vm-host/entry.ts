import { enableCompileCache } from 'node:module';
import { serveMachine } from './host.ts';
import { connectParent } from './parent.ts';
import { pcFactory } from './pc-factory.ts';

/** The entry of a machine's process: Electron utilityProcess or Node child. */
enableCompileCache();
serveMachine(connectParent(), pcFactory);
