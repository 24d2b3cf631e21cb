import { JockerError } from '@jocker/core';

export const minApiVersion: string = '1.24';
export const maxApiVersion: string = '1.50';

/** `[1, 41]` of `1.41`; the newest when none was asked for. Throws `invalid-argument` with Docker's sentence. */
export function parseApiVersion(text: string | undefined): readonly [number, number] {
  const [major = 0, minor = 0] = (text ?? maxApiVersion).split('.').map(Number);
  const order = major * 1000 + minor;
  const [low, high] = [minApiVersion, maxApiVersion].map((version) => Number(version.split('.')[0]) * 1000 + Number(version.split('.')[1]));
  if (order < (low ?? 0))
    throw new JockerError(
      'invalid-argument',
      `client version ${text} is too old. Minimum supported API version is ${minApiVersion}, please upgrade your client to a newer version`,
    );
  if (order > (high ?? 0))
    throw new JockerError('invalid-argument', `client version ${text} is too new. Maximum supported API version is ${maxApiVersion}`);
  return [major, minor];
}
