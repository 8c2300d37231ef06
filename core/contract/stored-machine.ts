import { FailureError, type Result, err, ok } from '../base/index.ts';
import { fail } from './codes.ts';
import { machineConfigSchema, type MachineConfig } from './machine.ts';

/** A configuration as a library keeps it, checked as if it came from outside. `of` names where it is. Code `config.invalid`. */
export function readConfig(text: string, of: string): Result<MachineConfig> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return err(fail('config.invalid', `the configuration of ${of}: ${(error as Error).message}`));
  }
  const parsed = machineConfigSchema.safeParse(value);
  if (parsed.success) return ok(parsed.data);
  const [{ path, message }] = parsed.error.issues;
  const field = path.length === 0 ? '' : `${path.map(String).join('.')}: `;
  return err(fail('config.invalid', `the configuration of ${of}: ${field}${message}`));
}

/** As `readConfig`; throws FailureError. */
export function parseConfig(text: string, of: string): MachineConfig {
  const config = readConfig(text, of);
  if (!config.ok) throw new FailureError(config.error);
  return config.value;
}
