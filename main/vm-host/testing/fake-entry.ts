import { serveMachine } from '../host.ts';
import { connectParent } from '../parent.ts';
import { fakeFactory } from './fake-machine.ts';

/** A machine's process with the fake machine, for tests of the supervisor. */
serveMachine(connectParent(), fakeFactory);
