import { machineConfigSchema, type MachineConfig } from '../../core/contract/machine.ts';
import type { Library } from '../../core/store/index.ts';

/** Changes a machine's configuration in its library. The caller holds the machine's lock. */
export function changeConfig(
  library: Library,
  machine: string,
  change: (config: MachineConfig) => Partial<MachineConfig>,
): void {
  library.database
    .transaction(() => {
      const text = library.database.prepare('SELECT config FROM machine WHERE id = ?').pluck().get(machine);
      const config = machineConfigSchema.parse(JSON.parse(String(text)));
      library.database
        .prepare('UPDATE machine SET config = ? WHERE id = ?')
        .run(JSON.stringify({ ...config, ...change(config) }), machine);
    })
    .immediate();
}
