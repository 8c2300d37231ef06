/** Which engine the truth tests run on: the one place that knows how a processor is built. */
import type { CpuUnderTest, EngineUnderTest } from './cpu-under-test.ts';

export function createCpuUnderTest(engine: EngineUnderTest): CpuUnderTest {
  throw new Error(`the ${engine} is not connected to the truth tests yet`);
}
