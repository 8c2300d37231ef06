import type { Result } from '../../core/base/index.ts';
import {
  CALLS,
  callRequestSchema,
  fail,
  isCallName,
  type CallName,
  type CallResponse,
  type Failure,
} from '../../core/contract/index.ts';
import type { Services } from '../services/services.ts';

/** Where a call came from, as its shell knows it: `trusted` is decided there (frame and URL, or origin and token). */
export interface Sender {
  readonly trusted: boolean;
  /** For the log. */
  readonly description: string;
}

export type Router = (sender: Sender, request: unknown) => Promise<CallResponse>;

/**
 * The one gate between windows and services: checks the sender, the request's form, the call's name and its
 * parameters, and the result. Never throws; what is refused is logged with its code.
 */
export function createRouter(services: Pick<Services, 'handlers' | 'log'>): Router {
  const refuse = (sender: Sender, failure: Failure): CallResponse => {
    services.log({
      level: 'warning',
      source: 'router',
      code: failure.code,
      message: `${sender.description}: ${failure.message}`,
    });
    return { ok: false, error: { ...failure } };
  };
  return async (sender, request) => {
    if (!sender.trusted) return refuse(sender, fail('call.sender', 'a call from a place that is not ours'));
    const parsed = callRequestSchema.safeParse(request);
    if (!parsed.success) return refuse(sender, fail('call.malformed', 'not a call: {"call", "params"} is needed'));
    const { call, params } = parsed.data;
    if (!isCallName(call)) return refuse(sender, fail('call.unknown', `there is no call "${call}"`));
    const args = CALLS[call].params.safeParse(params ?? {});
    if (!args.success) {
      const [issue] = args.error.issues;
      const path = issue.path.map(String).join('.');
      return refuse(
        sender,
        fail('call.malformed', `${call}: ${path === '' ? '' : `${path}: `}${issue.message}`, 'correct this field'),
      );
    }
    try {
      const handler = services.handlers[call] as (args: unknown) => Promise<Result<unknown>>;
      const result = await handler(args.data);
      return result.ok
        ? { ok: true, value: checkResult(call, result.value) }
        : { ok: false, error: { ...result.error } };
    } catch (error) {
      const message = `${call}: ${(error as Error).message}`;
      services.log({
        level: 'error',
        source: 'router',
        code: 'internal',
        message: `${message}\n${(error as Error).stack}`,
      });
      return { ok: false, error: fail('internal', message, 'please report this') };
    }
  };
}

/** A result that does not fit its schema is our defect; it also drops what a handler should not have returned. */
const checkResult = (call: CallName, value: unknown): unknown => CALLS[call].result.parse(value);
