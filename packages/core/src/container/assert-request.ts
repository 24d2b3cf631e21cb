import { JockerError } from '../errors/jocker-error.ts';
import { logLimitsOf } from '../logs/log-limits.ts';
import { assertPorts } from '../network/requested-ports.ts';
import type { CreateRequest } from './create-request.ts';
import { signalNumber } from './signal-number.ts';

const longestOrigin = 4_096;
const restartPolicies = ['no', 'always', 'unless-stopped', 'on-failure'];

/** What is wrong with a request whatever the image is, and belongs to no part of the spec. Throws `invalid-argument`. */
export function assertRequest({
  ports = [],
  stopSignal,
  restartPolicy,
  autoRemove,
  logging,
  origin,
  stopTimeoutSeconds,
}: CreateRequest): void {
  if (stopSignal !== undefined) signalNumber(stopSignal);
  assertPorts(ports);
  if (stopTimeoutSeconds !== undefined && !(Number.isInteger(stopTimeoutSeconds) && stopTimeoutSeconds >= -1)) {
    throw invalid(`a stop timeout of ${stopTimeoutSeconds} is no number of seconds`);
  }
  if (restartPolicy !== undefined) {
    const { name, maximumRetryCount } = restartPolicy;
    if (!restartPolicies.includes(name)) throw invalid(`there is no restart policy ${name}; there are ${restartPolicies.join(', ')}`);
    if (!Number.isInteger(maximumRetryCount) || maximumRetryCount < 0)
      throw invalid(`a container cannot be restarted ${maximumRetryCount} times`);
    if (maximumRetryCount > 0 && name !== 'on-failure')
      throw invalid(`only the restart policy on-failure counts its retries, ${name} does not`);
    if (autoRemove === true && name !== 'no') throw invalid(`a container cannot be removed at its end and restarted by the policy ${name}`);
  }
  if (logging !== undefined) logLimitsOf(logging, { limitBytes: 1, keep: 1 });
  if (origin !== undefined && Buffer.byteLength(origin) > longestOrigin) throw invalid(`the origin is longer than ${longestOrigin} bytes`);
}

const invalid = (message: string): JockerError => new JockerError('invalid-argument', message);
